// The queues of a listening socket: handshakes under way, and connections that wait for accept.

import type { Kernel } from "../net/kernel.ts";
import type { Segment } from "../net/packet.ts";
import type { Options } from "../options.ts";
import { Connection } from "./connection.ts";
import { TcpSettings } from "./settings.ts";

/** A connection in the queue, with the options that it inherited. */
export interface Incoming {
  readonly connection: Connection;
  readonly options: Options;
}

/** The queues of one listener. */
export class Listener {
  backlog: number;
  readonly #kernel: Kernel;
  readonly #options: Options;
  readonly #onReady: () => void;
  readonly #queue: Incoming[] = [];
  readonly #underWay = new Set<Connection>();

  constructor(kernel: Kernel, options: Options, backlog: number, onReady: () => void) {
    this.#kernel = kernel;
    this.#options = options;
    this.backlog = backlog;
    this.#onReady = onReady;
  }

  /** How many connections wait for accept. */
  get length(): number {
    return this.#queue.length;
  }

  /** Linux's queue holds one connection more than the backlog. */
  get #isFull(): boolean {
    return this.#queue.length > this.backlog;
  }

  /** Handles a SYN. If the queue is full, the SYN is dropped. The peer repeats it later. */
  receiveSyn(segment: Segment): void {
    if (this.#isFull) return;
    const { destination, destinationPort, source, sourcePort } = segment;
    const ends = { host: destination, port: destinationPort, peerHost: source, peerPort: sourcePort };
    const options = this.#options.inherit();
    const connection = new Connection(this.#kernel, ends, new TcpSettings(options), "SYN_RECEIVED");
    this.#underWay.add(connection);
    connection.onEstablished = (succeeded) => {
      if (succeeded && this.#isFull) return false;
      this.#underWay.delete(connection);
      if (succeeded) {
        this.#queue.push({ connection, options });
        this.#onReady();
      }
      return true;
    };
    connection.answer(segment);
  }

  /** Removes the oldest connection from the queue and returns it. */
  take(): Incoming | undefined {
    return this.#queue.shift();
  }

  /** Resets all connections in the queues. */
  close(): void {
    for (const connection of [...this.#underWay]) connection.abort();
    for (const { connection } of this.#queue.splice(0)) connection.abort();
  }
}
