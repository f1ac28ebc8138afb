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
  readonly #hostNamed: (name: string) => { readonly name: string } | undefined;

  /** Made by `simulate` and `World`. `hostNamed` finds a host and ignores case, as look-ups of names do. */
  constructor(
    recorder: Recorder,
    epoch: number,
    hostNamed: (name: string) => { readonly name: string } | undefined,
  ) {
    this.#recorder = recorder;
    this.#epoch = epoch;
    this.#hostNamed = hostNamed;
  }

  #kept(): Recorder {
    if (!this.#recorder.keeps) throw new Error("no packets were kept: the option trace was false");
    return this.#recorder;
  }

  /** Returns the name of a host as the entries have it. */
  #nameOf(host: string): string {
    const found = this.#hostNamed(host);
    if (found === undefined) throw new RangeError(`there is no host '${host}'`);
    return found.name;
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
    return drawLadder(entries, this.#nameOf(left), this.#nameOf(right));
  }

  /** Draws the packets between two hosts as SVG. */
  svg(left: string, right: string): string {
    const { entries } = this.#kept();
    return drawSvg(entries, this.#nameOf(left), this.#nameOf(right));
  }

  /**
   * Returns a capture for Wireshark and tshark, in the pcapng format. With a host, it has the packets that the host sent
   * and received. Without a host, it has every packet at the time when it was sent. Packets that did not arrive have a
   * comment then.
   */
  pcapng(host?: string): Uint8Array<ArrayBuffer> {
    const { entries, packets } = this.#kept();
    const name = host === undefined ? undefined : this.#nameOf(host);
    return writePcapng(entries, packets, this.#epoch, name);
  }
}
