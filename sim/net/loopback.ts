// The loopback interface. A packet of a host to itself arrives before the call that sent it returns, as in a kernel. If
// the sender is just working on another packet, the new one waits until that work is done.

import type { Kernel } from "./kernel.ts";
import type { Packet } from "./packet.ts";
import type { Network } from "./network.ts";

/** The list is shortened after this many delivered packets. */
const BATCH = 1024;

/** The loopback interfaces of all hosts. */
export class Loopback {
  readonly #network: Network;
  #queue: [kernel: Kernel, packet: Packet][] = [];
  #working = false;

  constructor(network: Network) {
    this.#network = network;
  }

  /** Sends a packet from a host to itself. */
  send(kernel: Kernel, packet: Packet): void {
    this.#queue.push([kernel, packet]);
    if (!this.#working) this.#work();
  }

  /**
   * Runs some work. Packets that it sends over loopback are delivered after it, so a connection is never entered again
   * while it works on a packet.
   */
  during(work: () => void): void {
    if (this.#working) return work();
    this.#begin();
    try {
      work();
    } finally {
      this.#end();
    }
    if (this.#queue.length > 0) this.#work();
  }

  #begin(): void {
    this.#working = true;
    this.#network.timeline.pause();
  }

  #end(): void {
    this.#working = false;
    this.#network.timeline.resume();
  }

  #work(): void {
    this.#begin();
    const { recorder, timeline } = this.#network;
    try {
      for (let place = 0; place < this.#queue.length; place++) {
        const [kernel, packet] = this.#queue[place];
        const now = timeline.now;
        const sighting = recorder.sent(now, kernel.host, kernel.host, packet, false);
        recorder.ended(sighting, kernel.isUp ? "delivered" : "dropped", now);
        if (kernel.isUp) kernel.receive(packet);
        if (place === BATCH) {
          this.#queue.splice(0, BATCH + 1);
          place = -1;
        }
      }
    } finally {
      this.#queue.length = 0;
      this.#end();
    }
  }
}
