// A simulated network on the real clock, for web pages and demonstrations.

import { Network } from "../net/network.ts";
import type { LinkOptions } from "../net/link.ts";
import { OutsideWaits } from "../time/outside.ts";
import { realClock, RealPacer } from "../time/real.ts";
import { checkNames, checkSeed } from "./arguments.ts";
import { Net } from "./net.ts";
import type { RunningProgram } from "./program.ts";

/** The options of a {@linkcode World}. */
export interface WorldOptions {
  /** The number that decides losses and the order of simultaneous events. 1 by default. */
  seed?: number;
  /** The options of links that `net.link` did not set. */
  link?: LinkOptions;
  /** Whether packets are kept. True by default. A world keeps all packets, so its memory grows. */
  trace?: boolean;
  /** Called when a program of `host.serve` fails. By default the error is printed to the console. */
  onError?: (error: unknown, host: string) => void;
}

/**
 * A simulated network on the real clock. Its hosts have the same module as the hosts of `simulate`. The order of its events
 * depends on real time, so it cannot be repeated.
 *
 * @example
 * ```ts
 * import { World } from "@berkeley/socket/sim";
 * import assert from "node:assert/strict";
 *
 * using world = new World({ link: { latency: 0.01 } });
 * const [a, b] = [world.host("a"), world.host("b")];
 * using server = a.socket.create_server(["", 7000]);
 * using client = await b.socket.create_connection(["a", 7000]);
 * const [peer, address] = await server.accept();
 * assert.deepEqual(address, client.getsockname());
 * peer.close();
 * ```
 */
export class World extends Net {
  /** Makes an empty world. */
  constructor(options: WorldOptions = {}) {
    checkNames(options, ["seed", "link", "trace", "onError"], "World");
    const { seed = 1, link = {}, trace = true, onError } = options;
    if (onError !== undefined && typeof onError !== "function") {
      throw new TypeError("World(): onError must be a function");
    }
    const network = new Network({ seed: checkSeed(seed, "World"), link, trace, realNow: realClock() });
    super(network, {
      outside: new OutsideWaits(),
      collected: "closed",
      epoch: Date.now() / 1000,
      isOver: false,
      started() {},
      ended() {},
      failed({ host, label }: RunningProgram, error: unknown) {
        // The promise of `host.run` rejects with the error. The error of a server has no promise.
        if (label.startsWith("host.run")) return;
        if (onError !== undefined) onError(error, host);
        else console.error(`host '${host}':`, error);
      },
      startOn: (_kernel, program) => program(),
      crashed() {},
    });
    new RealPacer(network.timeline);
  }

  /** Crashes every host, so that no timer of this world is left. */
  [Symbol.dispose](): void {
    this.stop();
  }
}
