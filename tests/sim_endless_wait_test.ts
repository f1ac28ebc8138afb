// Waits without a deadline in a simulation. If no event can end such a wait, the run is a deadlock. The timers of the waits
// must not hide that.

import assert from "node:assert/strict";
import type * as standard from "../mod.ts";
import { simulate } from "../sim.ts";

type Module = typeof standard;

const WAITS: Record<string, (socket: Module, server: standard.Socket) => Promise<unknown>> = {
  select: (socket, server) => socket.select([server], [], []),
  poll(socket, server) {
    const poller = socket.poll();
    poller.register(server);
    return poller.poll();
  },
  epoll(socket, server) {
    const poller = socket.epoll();
    poller.register(server);
    return poller.poll();
  },
  accept: (_, server) => server.accept(),
};

for (const [name, wait] of Object.entries(WAITS)) {
  Deno.test(`sim: ${name} without a deadline is a deadlock if no event can end it`, async () => {
    const running = simulate({ seed: 1 }, async (net) => {
      await net.host("alone").run(async ({ socket }) => {
        await wait(socket, socket.create_server(["", 7000]));
      });
    });
    await assert.rejects(running, /deadlock/);
  });
}
