// The pending error of a connection. The receiving and the sending side share it, and one call reports it.

/** The pending error of a connection, as the kernel keeps it for SO_ERROR or the next call. */
export class PendingError {
  /** The error, until a call has reported it. */
  error: Error | null = null;
  /** Whether the connection was reset. It stays true when the error has been reported. */
  reset = false;
  /** Whether a write has failed. Its call has reported the error of the connection then. */
  writeFailed = false;
  /** Finds out whether a stream that has ended was reset since. No read reports that. */
  findReset: (() => Promise<void>) | null = null;

  /** Records that the connection was reset. */
  recordReset(error: Error): void {
    this.error = error;
    this.reset = true;
  }

  /** Returns the error and clears it, as reading SO_ERROR does. */
  take(): Error | null {
    const { error } = this;
    this.error = null;
    return error;
  }
}
