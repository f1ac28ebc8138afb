// Received bytes by their positions in the stream. Bytes in order wait to be read. Bytes behind a gap wait until the
// gap is filled. The free room decides the window that is offered to the peer.

import type { Bytes } from "../../base/data.ts";
import { ByteQueue } from "../byte_queue.ts";

/** A segment that arrived before bytes in front of it. */
interface EarlySegment {
  readonly start: number;
  readonly data: Bytes;
}

/** The largest value of the window field. */
const MOST_FIELD = 0xffff;

/** The result of storing a segment. */
export interface TakenData {
  /** The number of new bytes that are in order. */
  readonly gained: number;
  /** Whether bytes before received bytes are missing. TCP acknowledges such a segment at once. */
  readonly gap: boolean;
}

/** The receive buffer of one connection. */
export class ReceiveBuffer {
  readonly #queue = new ByteQueue();
  /** The position of the next byte that was not received. */
  #next: number;
  /** Segments behind a gap, sorted by position. They may overlap. */
  #early: EarlySegment[] = [];
  #earlyBytes = 0;
  /** The position of the peer's FIN, or Infinity before it arrived. */
  #end = Infinity;
  #capacity: number;
  /** The position up to which the peer may send. It never decreases. */
  #offered: number;

  constructor(start: number, capacity: number) {
    this.#next = this.#offered = start;
    this.#capacity = capacity;
  }

  /** The position of the next byte that was not received. After the FIN, the position after it. */
  get next(): number {
    return this.#next;
  }

  /** How many bytes can be read. */
  get length(): number {
    return this.#queue.length;
  }

  /** Whether all data and the peer's FIN have arrived. */
  get ended(): boolean {
    return this.#next > this.#end;
  }

  /** How many bytes the buffer may hold. */
  get capacity(): number {
    return this.#capacity;
  }
  set capacity(capacity: number) {
    this.#capacity = capacity;
  }

  /** The position up to which the peer may send. */
  get offered(): number {
    return this.#offered;
  }

  /** How many bytes the peer may still send. */
  get window(): number {
    return this.#offered - this.#next;
  }

  /** Returns by how many bytes the offered window would grow if it were offered again now. */
  gain(unit: number): number {
    return Math.max(this.#next + this.#room(unit) - this.#offered, 0);
  }

  #room(unit: number): number {
    return Math.floor(Math.max(this.#capacity - this.#queue.length - this.#earlyBytes, 0) / unit) * unit;
  }

  /**
   * Chooses the window to offer, and returns the window field, which counts in `unit`. A window that has grown only a
   * little is not offered, so that the peer does not send small segments (RFC 9293, 3.8.6.2.2).
   */
  offer(unit: number, mss: number): number {
    if (this.ended) return Math.min(Math.floor(this.#room(unit) / unit), MOST_FIELD);
    const gain = this.gain(unit);
    const window = gain >= Math.min(mss, this.#capacity / 2) ? this.window + gain : this.window;
    // Rounded up, because the offered window must not shrink.
    const field = Math.min(Math.ceil(window / unit), MOST_FIELD);
    this.#offered = Math.max(this.#offered, this.#next + field * unit);
    return field;
  }

  /** Stores the data of a segment, and notes its FIN. */
  take(start: number, data: Bytes, fin: boolean): TakenData {
    if (this.ended) return { gained: 0, gap: false };
    const stop = start + data.length;
    // The FIN is accepted if the data before it lies within the window. The FIN itself needs no room.
    if (fin && stop <= this.#offered) this.#end = Math.min(this.#end, stop);
    const before = this.#next;
    const kept = this.#cut(start, data);
    if (kept.data.length > 0) {
      if (kept.start === this.#next) this.#append(kept.data);
      else this.#insert(kept);
    }
    this.#join();
    const gained = Math.min(this.#next, this.#end) - before;
    if (this.#next === this.#end) this.#next++;
    return { gained, gap: this.#early.length > 0 || start > before };
  }

  /** Returns the part of a segment that is new and within the window. */
  #cut(start: number, data: Bytes): EarlySegment {
    const from = Math.max(start, Math.min(this.#next, start + data.length));
    const to = Math.max(Math.min(start + data.length, this.#offered, this.#end), from);
    const isWhole = from === start && to === start + data.length;
    return { start: from, data: isWhole ? data : data.subarray(from - start, to - start) };
  }

  #append(data: Bytes): void {
    this.#queue.append(data);
    this.#next += data.length;
  }

  #insert(early: EarlySegment): void {
    let place = this.#early.length;
    while (place > 0 && this.#early[place - 1].start > early.start) place--;
    const before = this.#early[place - 1];
    // An earlier segment has these bytes.
    if (before !== undefined && before.start + before.data.length >= early.start + early.data.length) return;
    this.#early.splice(place, 0, early);
    this.#earlyBytes += early.data.length;
  }

  /** Moves segments whose gap has been filled to the readable bytes. */
  #join(): void {
    let joined = 0;
    for (; joined < this.#early.length && this.#early[joined].start <= this.#next; joined++) {
      const { start, data } = this.#early[joined];
      this.#earlyBytes -= data.length;
      if (start + data.length > this.#next) this.#append(data.subarray(this.#next - start));
    }
    if (joined > 0) this.#early.splice(0, joined);
  }

  /** Copies bytes into views, and removes them unless `peek` is set. Returns how many were copied. */
  read(views: Uint8Array[], peek: boolean): number {
    return this.#queue.read(views, peek);
  }
}
