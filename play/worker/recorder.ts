// Observes a run. It sends the page new packets, changed sockets, and the programs' waits.

import type { Fate, FromWorker, Moment, Packet, SocketRow } from "../protocol.ts";
import type { Network } from "./network.ts";
import type { Waits } from "./waits.ts";

/**
 * The first updates are sent at once, so that the page has them before an endless loop. Later ones are sent at
 * intervals.
 */
const EAGER = 300;
const PAUSE_MS = 60;

// The simulation replaces the global one.
const realNow = performance.now.bind(performance);

export class Recorder {
  readonly #waits: Waits;
  readonly #post: (message: FromWorker) => void;
  #network: Network | undefined;
  #told = 0;
  /** The packets that were sent to the page as under way. */
  readonly #underWay = new Set<number>();
  #moments: Moment[] = [];
  #last = "";
  #times = 0;
  #lastTold = 0;

  constructor(waits: Waits, post: (message: FromWorker) => void) {
    this.#waits = waits;
    this.#post = post;
  }

  /** Called after each event. */
  settled(network: Network): void {
    this.#network = network;
    const sockets = network.sockets();
    const text = sockets.map(textOf).join("\n");
    if (text !== this.#last) {
      this.#last = text;
      // If a time has several events, the last state is kept.
      if (this.#moments.at(-1)?.time === network.time) this.#moments.pop();
      this.#moments.push({ time: network.time, sockets });
    }
    const now = realNow();
    if (this.#times++ > EAGER && now - this.#lastTold < PAUSE_MS) return;
    this.#lastTold = now;
    this.#tell(network);
  }

  /** Sends the rest, and the waits that never ended. */
  finish(): void {
    if (this.#network !== undefined) this.#tell(this.#network);
    const open = this.#waits.open();
    if (open.length > 0) this.#post({ type: "waits", waits: open });
  }

  #tell(network: Network): void {
    const fates: { index: number; fate: Fate; arrival: number | null }[] = [];
    for (const index of this.#underWay) {
      const { fate, arrival } = network.packet(index);
      if (fate === "under way") continue;
      this.#underWay.delete(index);
      fates.push({ index, fate, arrival });
    }
    const packets: Packet[] = [];
    for (; this.#told < network.count; this.#told++) {
      const packet = network.packet(this.#told);
      if (packet.fate === "under way") this.#underWay.add(this.#told);
      packets.push(packet);
    }
    const waits = this.#waits.take();
    if (packets.length > 0) this.#post({ type: "packets", packets });
    if (fates.length > 0) this.#post({ type: "fates", fates });
    if (waits.length > 0) this.#post({ type: "waits", waits });
    if (this.#moments.length > 0) this.#post({ type: "moments", moments: this.#moments });
    else if (packets.length === 0) this.#post({ type: "alive" });
    this.#moments = [];
  }
}

function textOf({ id, state, received, sent, local, peer }: SocketRow): string {
  return `${id} ${state} ${received} ${sent} ${local} ${peer}`;
}
