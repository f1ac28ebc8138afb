// What went wrong with a connection, known to both its sides and told once.

/** The pending error of a connection, as the kernel keeps it for SO_ERROR or the next call. */
export class Trouble {
  /** The error that nobody was told yet. */
  error: Error | null = null;
  /** Whether the connection is broken off, told or not. */
  reset = false;

  /** Whether a write has failed: what the kernel had to tell, it told to that one. */
  failed = false;
  /** Finds out whether a stream that has ended was reset since: no read tells. */
  ask: (() => Promise<void>) | null = null;

  /** The connection broke off. */
  strike(error: Error): void {
    this.error = error;
    this.reset = true;
  }

  /** Takes the error: whoever is told it first has it. */
  take(): Error | null {
    const { error } = this;
    this.error = null;
    return error;
  }
}
