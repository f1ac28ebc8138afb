// Congestion control: slow start and congestion avoidance (RFC 5681), fast recovery by NewReno (RFC 6582). The window is
// counted in whole bytes: a fractional one can leave room for less than a byte, and a loop that fills it never ends.

/** Segments in the first window (RFC 6928). */
const FIRST_SEGMENTS = 10;
/** Duplicate acknowledgements that mean a loss. */
const LOSS = 3;

/** What an acknowledgement asks the sender to do. */
export type Reaction = "nothing" | "send again";

/** The congestion window of one connection. Positions are those of the stream that is sent. */
export class Congestion {
  #mss: number;
  #window: number;
  #threshold = Infinity;
  #duplicates = 0;
  /** Bytes acknowledged since the window grew, in congestion avoidance. */
  #credit = 0;
  /** Where recovery ends: what was sent when the loss was noticed. */
  #recover = 0;
  #recovering = false;

  constructor(mss: number) {
    this.#mss = mss;
    this.#window = FIRST_SEGMENTS * mss;
  }

  /** The window in bytes. Up to two segments more while single duplicates come in (limited transmit, RFC 3042). */
  get window(): number {
    return this.#window + (this.#recovering || this.#duplicates >= LOSS ? 0 : this.#duplicates * this.#mss);
  }

  /** The window without what limited transmit adds. */
  get base(): number {
    return this.#window;
  }

  /** The slow start threshold in bytes; Infinity before the first loss. */
  get threshold(): number {
    return this.#threshold;
  }

  /** Whether a loss is being recovered from. */
  get recovering(): boolean {
    return this.#recovering;
  }

  /** Takes another segment size. The first window is counted anew. */
  setSegmentSize(mss: number): void {
    if (this.#window === FIRST_SEGMENTS * this.#mss) this.#window = FIRST_SEGMENTS * mss;
    this.#mss = mss;
  }

  /** Takes an acknowledgement of new data, up to a position. `wasFull`: whether the window was in the sender's way. */
  acknowledged(bytes: number, upTo: number, flight: number, wasFull: boolean): Reaction {
    this.#duplicates = 0;
    if (this.#recovering) {
      if (upTo < this.#recover) {
        // A partial acknowledgement: the next segment is missing too.
        this.#window = Math.max(this.#window - bytes + (bytes >= this.#mss ? this.#mss : 0), this.#mss);
        return "send again";
      }
      this.#recovering = false;
      this.#window = Math.min(this.#threshold, Math.max(flight, this.#mss) + this.#mss);
      return "nothing";
    }
    // A window that the sender does not fill says nothing about the network (RFC 7661).
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

  /** Takes a duplicate acknowledgement. `upTo` is what it acknowledges, `sent` the end of what was sent. */
  duplicate(upTo: number, flight: number, sent: number): Reaction {
    if (this.#recovering) {
      this.#window += this.#mss;
      return "nothing";
    }
    this.#duplicates++;
    // Duplicates of what was sent again after a loss mean nothing new.
    if (this.#duplicates !== LOSS || upTo <= this.#recover) return "nothing";
    this.#recover = sent;
    this.#recovering = true;
    this.#threshold = this.#half(flight);
    this.#window = this.#threshold + LOSS * this.#mss;
    return "send again";
  }

  /** Takes a retransmission timeout. `first`: whether it is the first one for this data. */
  timedOut(flight: number, sent: number, first: boolean): void {
    if (first) this.#threshold = this.#half(flight);
    this.#window = this.#mss;
    this.#credit = 0;
    this.#duplicates = 0;
    this.#recovering = false;
    this.#recover = sent;
  }

  /** Starts slowly again after a pause in which the network may have changed. */
  restart(): void {
    this.#window = Math.min(this.#window, FIRST_SEGMENTS * this.#mss);
  }

  #half(flight: number): number {
    return Math.max(Math.floor(flight / 2), 2 * this.#mss);
  }
}
