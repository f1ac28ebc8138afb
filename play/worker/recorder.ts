// Watches a run: tells the page the new packets, the sockets where they changed, and the programs' waits.

import type { FromWorker, Moment, SocketRow } from "../protocol.ts";
import type { Network } from "./network.ts";
import type { Waits } from "./waits.ts";

/** So many times the page is told at once, so that it knows all up to an endless loop; from then on now and then. */
const EAGER = 300;
const PAUSE_MS = 60;

// The simulation replaces the global one.
const realNow = performance.now.bind(performance);

export class Recorder {
  /** How many packets there were. */
  packets = 0;
  readonly #waits: Waits;
  readonly #post: (message: FromWorker) => void;
  #network: Network | undefined;
  #told = 0;
  #moments: Moment[] = [];
  #last = "";
  #times = 0;
  #lastTold = 0;

  constructor(waits: Waits, post: (message: FromWorker) => void) {
    this.#waits = waits;
    this.#post = post;
  }

  /** Everything that could run at this time has run. */
  settled(network: Network): void {
    this.#network = network;
    const sockets = network.sockets();
    const text = sockets.map(textOf).join("\n");
    if (text !== this.#last) {
      this.#last = text;
      this.#moments.push({ time: network.time, sockets });
    }
    const now = realNow();
    if (this.#times++ > EAGER && now - this.#lastTold < PAUSE_MS) return;
    this.#lastTold = now;
    this.#tell(network);
  }

  /** Tells what is left, and the waits that never ended. */
  finish(): void {
    if (this.#network !== undefined) this.#tell(this.#network);
    const open = this.#waits.open();
    if (open.length > 0) this.#post({ type: "waits", waits: open });
  }

  #tell(network: Network): void {
    const packets = network.packets(this.#told);
    this.#told += packets.length;
    this.packets = this.#told;
    const waits = this.#waits.take();
    if (packets.length > 0) this.#post({ type: "packets", packets });
    if (waits.length > 0) this.#post({ type: "waits", waits });
    if (this.#moments.length > 0) this.#post({ type: "moments", moments: this.#moments });
    else if (packets.length === 0) this.#post({ type: "alive" });
    this.#moments = [];
  }
}

function textOf({ id, state, received, sent, local, peer }: SocketRow): string {
  return `${id} ${state} ${received} ${sent} ${local} ${peer}`;
}
