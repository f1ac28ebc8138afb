// The loopback interface. A packet of a host to itself arrives before the call that sent it returns, as in a kernel. A
// packet that is sent during work on another packet arrives after that work.

import type { Kernel } from "./kernel.ts";
import type { Packet } from "./packet.ts";
import type { Network } from "./network.ts";

/** After this many delivered packets, they are removed from the queue. */
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
    if (!this.#working) this.#deliver();
  }

  /**
   * Runs some work, and delivers the packets that it sends over loopback afterwards. So a connection never receives a
   * packet while it works on another one.
   */
  deferPackets(work: () => void): void {
    if (this.#working) return work();
    this.#begin();
    try {
      work();
    } finally {
      this.#end();
    }
    if (this.#queue.length > 0) this.#deliver();
  }

  #begin(): void {
    this.#working = true;
    this.#network.timeline.pause();
  }

  #end(): void {
    this.#working = false;
    this.#network.timeline.resume();
  }

  #deliver(): void {
    this.#begin();
    const { recorder, timeline } = this.#network;
    try {
      for (let place = 0; place < this.#queue.length; place++) {
        const [kernel, packet] = this.#queue[place];
        const now = timeline.now;
        const entry = recorder.sent(now, kernel.host, kernel.host, packet, false);
        recorder.ended(entry, kernel.isUp ? "delivered" : "dropped", now);
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
