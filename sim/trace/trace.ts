// The trace of a run: its packets, drawings of them, and captures.

import { fingerprintOf } from "./fingerprint.ts";
import { drawLadder } from "./ladder.ts";
import { writePcapng } from "./pcapng.ts";
import type { Counts, PacketEntry, Recorder } from "./recorder.ts";
import { drawSvg } from "./svg.ts";

/** A trace of packets. A run and a world have one. */
export class Trace {
  readonly #recorder: Recorder;
  readonly #epoch: number;
  readonly #hasHost: (name: string) => boolean;

  /** Made by `simulate` and `World`. */
  constructor(recorder: Recorder, epoch: number, hasHost: (name: string) => boolean) {
    this.#recorder = recorder;
    this.#epoch = epoch;
    this.#hasHost = hasHost;
  }

  #kept(): Recorder {
    if (!this.#recorder.keeps) throw new Error("no packets were kept: the option trace was false");
    return this.#recorder;
  }

  #check(host: string): void {
    if (!this.#hasHost(host)) throw new RangeError(`there is no host '${host}'`);
  }

  /** The packets in the order in which they were sent. Empty if the option `trace` was false. */
  get packets(): readonly PacketEntry[] {
    return this.#recorder.entries;
  }

  /** The number of packets by their fate. They are counted without a trace too. */
  get counts(): Readonly<Counts> {
    return { ...this.#recorder.counts };
  }

  /** A hash of the trace, 16 hexadecimal digits. The same seed and program give the same hash on every runtime. */
  get fingerprint(): string {
    return fingerprintOf(this.#kept().entries);
  }

  /** Draws the packets between two hosts as text, one line for each. */
  ladder(left: string, right: string): string {
    const { entries } = this.#kept();
    this.#check(left);
    this.#check(right);
    return drawLadder(entries, left, right);
  }

  /** Draws the packets between two hosts as SVG. */
  svg(left: string, right: string): string {
    const { entries } = this.#kept();
    this.#check(left);
    this.#check(right);
    return drawSvg(entries, left, right);
  }

  /**
   * Returns a capture for Wireshark and tshark, in the pcapng format. With a host, it has the packets that the host sent
   * and received. Without a host, it has every packet at the time when it was sent. Packets that did not arrive have a
   * comment then.
   */
  pcapng(host?: string): Uint8Array<ArrayBuffer> {
    const { entries, packets } = this.#kept();
    if (host !== undefined) this.#check(host);
    return writePcapng(entries, packets, this.#epoch, host);
  }
}
