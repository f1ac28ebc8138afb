// All system calls that may change what is ready are made in native/effects.ts.

import assert from "node:assert/strict";
import { AF_UNIX, SHUT_WR, SOCK_STREAM } from "../base/constants.ts";
import { POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "../base/poll.ts";
import { nativeBackend } from "../native/backend.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Transport } from "../seam/transport.ts";

const FOLDER = new URL("../native/", import.meta.url);

/** The libc functions, with the variants that this package uses. */
const CALLS =
  /\.(listen|accept4|connect|shutdown|send|sendto|sendmsg|recv|recvfrom|recvmsg|setsockopt|close|close_waiting)\(/;

async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) yield new URL(name, folder);
  }
}

Deno.test("only native/effects.ts makes system calls that change readiness", async () => {
  const found: string[] = [];
  let inPlace = 0;
  for await (const url of sources(FOLDER)) {
    for (const line of (await Deno.readTextFile(url)).split("\n")) {
      // The reactor's own epoll and eventfd are not sockets.
      if (
        !/\b(?:libc\(\)|symbols\(\)|#libc)\./.test(line) || !CALLS.test(line) || /this\.#(?:epoll|eventfd)\)/.test(line)
      ) {
        continue;
      }
      if (url.pathname.endsWith("/effects.ts")) inPlace++;
      else found.push(`${url.pathname.slice(FOLDER.pathname.length)}: ${line.trim()}`);
    }
  }
  assert.deepEqual(found, []);
  assert.equal(inPlace, 13);
});

Deno.test({
  name: "events() shows the effects of calls in the same turn of the event loop",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const caller = { turn: 0 };
    const [one, other] = await nativeBackend.pair(AF_UNIX, SOCK_STREAM, 0);
    const waiter = { wake() {} };
    // Without a turn of the event loop in between, so that all of it is one run of JavaScript.
    const looks: [what: string, call: () => unknown, end: Transport, mask: number][] = [
      ["send", () => one.send(caller, new Uint8Array(1), 0), other, POLLIN],
      ["send until it would block", () => fill(one, caller), other, POLLIN],
      ["recv", () => drain(other, caller), one, POLLOUT],
      ["shutdown", () => one.shutdown(SHUT_WR), other, POLLRDHUP],
      ["close", () => one.close(), other, POLLHUP],
    ];
    for (const [what, call, end, mask] of looks) {
      if (mask === POLLIN) drain(end, caller);
      end.watch(mask, waiter);
      assert.equal(end.events(mask) & mask, 0, `before ${what}`);
      call();
      assert.equal(end.events(mask) & mask, mask, `after ${what}`);
      end.unwatch(waiter);
    }
    other.close();
  },
});

function fill(end: Transport, caller: Caller): void {
  while (end.send(caller, new Uint8Array(65536), 0) !== WOULD_BLOCK);
}

function drain(end: Transport, caller: Caller): void {
  while (end.recv(caller, 65536, 0) !== WOULD_BLOCK);
}
