// Congestion control: slow start and congestion avoidance (RFC 5681), fast recovery by NewReno (RFC 6582). The window
// is counted in whole bytes. With fractions, a loop that fills the window would never end: there could be room for less
// than a byte.

/** The number of segments in the first window (RFC 6928). */
const FIRST_SEGMENTS = 10;
/** The number of duplicate acknowledgements that indicates a loss. */
const LOSS = 3;

/** The action of the sender after an acknowledgement. */
export type Reaction = "nothing" | "send again";

/** The congestion window of one connection. Positions count the bytes of the stream that is sent. */
export class Congestion {
  #mss: number;
  #window: number;
  #threshold = Infinity;
  #duplicates = 0;
  /** The number of bytes acknowledged since the window grew, in congestion avoidance. */
  #credit = 0;
  /** The position at which recovery ends: the end of the data that was sent when the loss was noticed. */
  #recover = 0;
  #recovering = false;

  constructor(mss: number) {
    this.#mss = mss;
    this.#window = FIRST_SEGMENTS * mss;
  }

  /** The window in bytes. The first two duplicate acknowledgements add a segment each (limited transmit, RFC 3042). */
  get window(): number {
    return this.#window + (this.#recovering || this.#duplicates >= LOSS ? 0 : this.#duplicates * this.#mss);
  }

  /** The window without the segments of limited transmit. */
  get base(): number {
    return this.#window;
  }

  /** The slow start threshold in bytes; Infinity before the first loss. */
  get threshold(): number {
    return this.#threshold;
  }

  /** Whether fast recovery is under way. */
  get recovering(): boolean {
    return this.#recovering;
  }

  /** Sets the segment size, and starts again with the first window. */
  setSegmentSize(mss: number): void {
    if (this.#window === FIRST_SEGMENTS * this.#mss) this.#window = FIRST_SEGMENTS * mss;
    this.#mss = mss;
  }

  /**
   * Handles an acknowledgement of new data up to a position. `wasFull` says whether the congestion window limited the
   * sender.
   */
  acknowledged(bytes: number, upTo: number, flight: number, wasFull: boolean): Reaction {
    this.#duplicates = 0;
    if (this.#recovering) {
      if (upTo < this.#recover) {
        // A partial acknowledgement means that the next segment is missing too.
        this.#window = Math.max(this.#window - bytes + (bytes >= this.#mss ? this.#mss : 0), this.#mss);
        return "send again";
      }
      this.#recovering = false;
      this.#window = Math.min(this.#threshold, Math.max(flight, this.#mss) + this.#mss);
      return "nothing";
    }
    // If the sender did not fill the window, nothing shows that the network can carry more, so the window must not grow
    // (RFC 7661).
    if (!wasFull) return "nothing";
    if (this.#window < this.#threshold) {
      this.#window = Math.min(this.#window + bytes, Math.max(this.#threshold, this.#window + this.#mss));
    } else {
      this.#credit += bytes;
      if (this.#credit >= this.#window) {
        this.#credit -= this.#window;
        this.#window += this.#mss;
      }
    }
    return "nothing";
  }

  /**
   * Handles a duplicate acknowledgement. `upTo` is the position that it acknowledges, and `sent` is the end of the data
   * that was sent.
   */
  duplicate(upTo: number, flight: number, sent: number): Reaction {
    if (this.#recovering) {
      this.#window += this.#mss;
      return "nothing";
    }
    this.#duplicates++;
    // Duplicates for data up to the end of the latest recovery belong to a loss that is known already.
    if (this.#duplicates !== LOSS || upTo <= this.#recover) return "nothing";
    this.#recover = sent;
    this.#recovering = true;
    this.#threshold = this.#half(flight);
    this.#window = this.#threshold + LOSS * this.#mss;
    return "send again";
  }

  /** Handles a retransmission timeout. `first` says whether it is the first for this data. */
  timedOut(flight: number, sent: number, first: boolean): void {
    if (first) this.#threshold = this.#half(flight);
    this.#window = this.#mss;
    this.#credit = 0;
    this.#duplicates = 0;
    this.#recovering = false;
    this.#recover = sent;
  }

  /** Returns to slow start after a pause, since the network may have changed. */
  restart(): void {
    this.#window = Math.min(this.#window, FIRST_SEGMENTS * this.#mss);
  }

  #half(flight: number): number {
    return Math.max(Math.floor(flight / 2), 2 * this.#mss);
  }
}
