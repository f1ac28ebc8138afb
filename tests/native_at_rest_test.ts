// A call that has ended leaves nothing under way: the reactor's parked epoll_wait has returned before the call's
// promise settles. Otherwise `deno test --sanitize-ops` would report a leak.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import { reactor } from "../native/reactor.ts";
import { parked } from "./_parked.ts";
import { Program, TemporaryDirectory } from "./_helpers.ts";

interface Waiting {
  /** The call that waits. */
  call: Promise<unknown>;
  /** Ends the call. */
  end?: () => void;
  /** The code or name of the call's error, if it ends with one. */
  error?: string;
  open: { close(): void }[];
}

const pair = () => socket.socketpair();
const SECONDS = 0.03;

const WAITS: Record<string, () => Promise<Waiting>> = {
  "a receive that is aborted": async () => {
    const [a, b] = await pair();
    const controller = new AbortController();
    const call = a.recv(1, 0, { signal: controller.signal });
    return { call, end: () => controller.abort(), error: "AbortError", open: [a, b] };
  },
  "a receive that times out": async () => {
    const [a, b] = await pair();
    a.settimeout(SECONDS);
    return { call: a.recv(1), error: "TimeoutError", open: [a, b] };
  },
  "a receive whose socket is closed": async () => {
    const [a, b] = await pair();
    return { call: a.recv(1), end: () => a.close(), error: "EBADF", open: [b] };
  },
  "a receive whose socket is detached": async () => {
    const [a, b] = await pair();
    const fd = a.fileno();
    return { call: a.recv(1), end: () => a.detach(), error: "EBADF", open: [b, { close: () => socket.close(fd) }] };
  },
  "an accept whose socket is closed by its number": () => {
    const server = socket.create_server(["127.0.0.1", 0]);
    return Promise.resolve({
      call: server.accept(),
      end: () => socket.close(server.fileno()),
      error: "EBADF",
      open: [],
    });
  },
  "a sendall that is aborted": async () => {
    const [a, b] = await pair();
    const controller = new AbortController();
    const call = a.sendall(new Uint8Array(5_000_000), 0, { signal: controller.signal });
    return { call, end: () => controller.abort(), error: "AbortError", open: [a, b] };
  },
  "a sendall whose socket is shut down": async () => {
    const [a, b] = await pair();
    const call = a.sendall(new Uint8Array(5_000_000));
    return { call, end: () => a.shutdown(socket.SHUT_WR), error: "EPIPE", open: [a, b] };
  },
  "a select that times out": async () => {
    const [a, b] = await pair();
    return { call: socket.select([a], [], [], SECONDS), open: [a, b] };
  },
  "a select that is aborted": async () => {
    const [a, b] = await pair();
    const controller = new AbortController();
    const call = socket.select([a], [], [], null, { signal: controller.signal });
    return { call, end: () => controller.abort(), error: "AbortError", open: [a, b] };
  },
  "a poll of an epoll that times out": async () => {
    const [a, b] = await pair();
    const poller = socket.epoll();
    poller.register(a, socket.EPOLLIN);
    return { call: poller.poll(SECONDS), open: [poller, a, b] };
  },
  "a poll of an epoll that is closed": async () => {
    const [a, b] = await pair();
    const poller = socket.epoll();
    poller.register(a, socket.EPOLLIN);
    return { call: poller.poll(), end: () => poller.close(), error: "EBADF", open: [a, b] };
  },
  "a select that is ended by an epoll": async () => {
    const [a, b] = await pair();
    const [c, d] = await pair();
    const poller = socket.epoll();
    const call = socket.select([a, poller], [], []);
    return { call, end: () => poller.register(c, socket.EPOLLOUT), open: [poller, a, b, c, d] };
  },
};

for (const [name, begin] of Object.entries(WAITS)) {
  Deno.test(`native: nothing is under way after ${name}`, async () => {
    const { call, end, error, open } = await begin();
    const ended = call.then(() => undefined, (reason) => reason.code || reason.name).then((
      how,
    ) => [how, reactor.atRest() !== undefined]);
    // A call that ends by itself may end before the reactor parks.
    if (end !== undefined) await parked();
    end?.();
    const [how, isUnderWay] = await ended;
    for (const one of open) one.close();
    assert.equal(isUnderWay, false);
    assert.equal(typeof how === "number" ? "AbortError" : how, error);
  });
}

Deno.test("native: `deno test --sanitize-ops` finds no leak if all sockets are closed and all calls awaited", async () => {
  using directory = new TemporaryDirectory();
  const file = `${directory.path}/given_up_test.ts`;
  const native = JSON.stringify(import.meta.resolve("../native.ts"));
  Deno.writeTextFileSync(
    file,
    `import * as socket from ${native};
    for (let n = 0; n < 100; n++) {
      Deno.test("a receive that is given up " + n, async () => {
        const [a, b] = await socket.socketpair();
        a.settimeout(0.003);
        await a.recv(1).catch(() => {});
        a.close();
        b.close();
      });
    }`,
  );
  await using program = new Program(Deno.execPath(), [
    "test",
    "-A",
    "--no-check",
    "--no-lock",
    "--sanitize-ops",
    file,
  ]);
  const { code, stdout } = await program.end();
  assert.equal(code, 0, stdout);
});

Deno.test("native: calls that one signal aborts reject at the same time, in whichever order they are awaited", async () => {
  const pairs = [await pair(), await pair(), await pair()];
  for (const order of [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]]) {
    const controller = new AbortController();
    const { signal } = controller;
    const calls: Promise<unknown>[] = pairs.map(([a]) => a.recv(1, 0, { signal }));
    calls.push(socket.select([pairs[0][1]], [], [], null, { signal }));
    await parked();
    controller.abort();
    // A promise that had rejected before it is awaited would fail this test as an unhandled rejection.
    for (const place of order) await assert.rejects(calls[place], { name: "AbortError" });
    assert.equal(reactor.atRest(), undefined);
  }
  for (const sock of pairs.flat()) sock.close();
});
