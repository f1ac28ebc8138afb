// Both backends busy in one process: neither starves the other.

import assert from "node:assert/strict";
import * as standard from "../mod.ts";
import * as native from "../native.ts";

type Module = typeof standard | typeof native;

const BUSY = 16;
const ROUNDS = 60;
/**
 * The most round trips of all native pairs for one round trip of the default pair. One turn of the native loop has room
 * for 128 of them, and the default pair waits twice. If Deno's event loop asks the kernel only once in 61 turns, there
 * are 15,000.
 */
const MOST = 500;

/** Repeats a round trip between two ends while `goesOn` returns true. Returns how many there were. */
async function pingPong(module: Module, goesOn: () => boolean, count: () => void): Promise<void> {
  const [one, other] = await module.socketpair();
  const message = new Uint8Array(64);
  while (goesOn()) {
    await one.sendall(message);
    await other.recv(64);
    await other.sendall(message);
    await one.recv(64);
    count();
  }
  one.close();
  other.close();
}

for (const ways of ["recv", "select"] as const) {
  Deno.test({
    name: `default sockets have their turn while native ones are busy (${ways})`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      let done = false;
      let busy = 0;
      const load = Array.from({ length: BUSY }, () => pingPong(native, () => !done, () => busy++));
      const [one, other] = await standard.socketpair();
      const message = new Uint8Array(64);
      const before = busy;
      for (let round = 0; round < ROUNDS; round++) {
        for (const [from, to] of [[one, other], [other, one]]) {
          await from.sendall(message);
          if (ways === "select") assert.deepEqual(await standard.select([to], [], []), [[to], [], []]);
          await to.recv(64);
        }
      }
      const others = (busy - before) / ROUNDS;
      done = true;
      await Promise.all(load);
      one.close();
      other.close();
      assert.ok(others < MOST, `${others} native round trips for one of the default backend`);
      assert.ok(busy > 0, "the native ones have their turn, too");
    },
  });
}
