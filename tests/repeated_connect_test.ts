// A connect while an earlier one is under way that no call waits for. In CPython a blocking socket waits for it, and another
// one fails with EALREADY.

import assert from "node:assert/strict";
import * as native from "../native.ts";
import type { InetAddress, Socket } from "../native.ts";
import { failure, Listening, settled, staysPending } from "./conformance/fixtures.ts";

/** The ways to leave a connect under way. */
const WAYS: ((client: Socket, address: InetAddress) => Promise<unknown>)[] = [
  async (client, address) => {
    const abort = new AbortController();
    const waiting = failure(() => client.connect(address, { signal: abort.signal }));
    await staysPending(waiting);
    abort.abort("enough");
    assert.equal(await waiting, "enough");
  },
  async (client, address) => {
    client.settimeout(0.01);
    assert.equal((await failure(() => client.connect(address))).name, "TimeoutError");
    assert.equal((await failure(() => client.connect(address))).code, "EALREADY");
  },
  async (client, address) => {
    client.setblocking(false);
    assert.equal((await failure(() => client.connect(address))).code, "EINPROGRESS");
    assert.equal((await failure(() => client.connect(address))).code, "EALREADY");
  },
];

Deno.test("native: a blocking connect waits for a connect that was given up", async () => {
  // All ways run concurrently, because Linux repeats a dropped SYN only after a second.
  await Promise.all(WAYS.map(async (giveUp) => {
    using listening = new Listening(native, "IPv4", 0);
    using first = listening.socket();
    await first.connect(listening.address);
    // A backlog of 0 has room for one connection. Linux drops the second SYN, and its client waits.
    using second = listening.socket() as Socket;
    const address = listening.address as InetAddress;
    await giveUp(second, address);
    second.settimeout(null);
    const connecting = second.connect(address);
    await staysPending(connecting);
    // Now a call waits for the outcome, and no other call may take it.
    using copy = second.dup();
    await assert.rejects(copy.connect(address), { code: "EALREADY" });
    (await settled(listening.server.accept()))[0].close();
    await settled(connecting);
    assert.deepEqual(second.getpeername(), address);
    (await settled(listening.server.accept()))[0].close();
    await assert.rejects(second.connect(address), { code: "EISCONN" });
  }));
});

Deno.test("native: a blocking connect gets the error of a connect that was given up", async () => {
  using listening = new Listening(native, "IPv4", 0);
  using first = listening.socket();
  await first.connect(listening.address);
  using second = listening.socket() as Socket;
  second.setblocking(false);
  const address = listening.address as InetAddress;
  await assert.rejects(second.connect(address), { code: "EINPROGRESS" });
  second.setblocking(true);
  const connecting = second.connect(address);
  await staysPending(connecting);
  listening.server.close();
  await assert.rejects(settled(connecting), { code: "ECONNREFUSED", syscall: "connect" });
});
