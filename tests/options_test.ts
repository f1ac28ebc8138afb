// The options of every call that takes options: signals, wrong signals, unknown names, and options in place of the
// first optional argument that is left out.

import assert from "node:assert/strict";
import { reader } from "../select.ts";
import { SUBJECTS } from "./_sim.ts";
import { Connected, failure, settled, staysPending, text } from "./conformance/fixtures.ts";
import type { Module } from "./conformance/fixtures.ts";

/** Calls that take a signal, by name. */
function calls(m: Module, all: Connected): Record<string, (options: any) => Promise<unknown>> {
  const { client, peer, server } = all;
  const view = () => new Uint8Array(10);
  const file = <const M extends string>(mode: M, run: (file: any) => Promise<unknown>) => async () => {
    const opened = client.makefile(mode);
    try {
      return await run(opened);
    } finally {
      await opened.close().catch(() => {});
    }
  };
  return {
    accept: (options) => server.accept(options),
    connect: (options) => client.connect(all.address, options),
    connect_ex: (options) => client.connect_ex(all.address, options),
    recv: (options) => client.recv(10, 0, options),
    recv_into: (options) => client.recv_into(view(), 0, 0, options),
    recvfrom: (options) => client.recvfrom(10, 0, options),
    recvfrom_into: (options) => client.recvfrom_into(view(), 0, 0, options),
    recvmsg: (options) => client.recvmsg(10, 0, 0, options),
    recvmsg_into: (options) => client.recvmsg_into([view()], 0, 0, options),
    send: (options) => client.send("x", 0, options),
    sendall: (options) => client.sendall("x", 0, options),
    sendto: (options) => client.sendto("x", all.address, options),
    "sendto with flags": (options) => client.sendto("x", 0, all.address, options),
    sendmsg: (options) => client.sendmsg(["x"], [], 0, null, options),
    sendfile: (options) =>
      client.sendfile({ read: () => Promise.resolve(null), seek: async (n) => await n }, 0, 1, options),
    create_connection: (options) => m.create_connection(all.address, null, null, options),
    send_fds: (options) => m.send_fds(client, ["x"], [0], 0, null, options),
    recv_fds: (options) => m.recv_fds(client, 10, 1, 0, options),
    select: (options) => m.select([client], [], [], 5, options),
    poll: (options) => {
      const polling = m.poll();
      polling.register(client, m.POLLIN);
      return polling.poll(5000, options);
    },
    epoll: async (options) => {
      using polling = m.epoll();
      polling.register(client, m.EPOLLIN);
      return await polling.poll(5, -1, options);
    },
    ...Object.fromEntries(
      [m.DefaultSelector, m.EpollSelector].map((Selector) => [
        Selector.name,
        async (options: any) => {
          using selector = new Selector();
          selector.register(client, m.EVENT_READ);
          return await selector.select(5, options);
        },
      ]),
    ),
    reader: async (options) => {
      const input = reader({ read: () => new Promise(() => {}) });
      try {
        return await input.read(10, options);
      } finally {
        input.close();
      }
    },
    "file.read": (options) => file("rb", (opened) => opened.read(10, options))(),
    "file.readline": (options) => file("rb", (opened) => opened.readline(10, options))(),
    "file.readlines": (options) => file("rb", (opened) => opened.readlines(10, options))(),
    "file.readinto": (options) => file("rb", (opened) => opened.readinto(view(), options))(),
    "file.peek": (options) => file("rb", (opened) => opened.peek(10, options))(),
    "file.write": (options) => file("wb", (opened) => opened.write("x", options))(),
    "file.flush": (options) => file("wb", (opened) => opened.flush(options))(),
    "file.close": (options) => file("wb", (opened) => opened.close(options))(),
    "text.read": (options) => file("r", (opened) => opened.read(10, options))(),
    "text.readline": (options) => file("r", (opened) => opened.readline(10, options))(),
    "text.write": (options) => file("w", (opened) => opened.write("x", options))(),
    "text.writelines": (options) => file("w", (opened) => opened.writelines(["x"], options))(),
    getaddrinfo: (options) => m.getaddrinfo("127.0.0.1", 80, 0, 0, 0, 0, options),
    getnameinfo: (options) => m.getnameinfo(["127.0.0.1", 80], m.NI_NUMERICHOST | m.NI_NUMERICSERV, options),
    gethostbyname: (options) => m.gethostbyname("127.0.0.1", options),
    gethostbyname_ex: (options) => m.gethostbyname_ex("127.0.0.1", options),
    gethostbyaddr: (options) => m.gethostbyaddr("127.0.0.1", options),
    "the peer's recv": (options) => peer.recv(10, 0, options),
  };
}

/** Values that are not signals. The last one has the prototype of a signal. */
const WRONG: Record<string, unknown> = {
  "a controller": new AbortController(),
  "an object": {},
  "text": "x",
  "a number": 1,
  "an object of the class": Object.create(AbortSignal.prototype),
};

for (const { name, module: m } of SUBJECTS) {
  const test = (what: string, fn: () => Promise<void>) => Deno.test(`${name}: options: ${what}`, fn);

  test("a signal that is no AbortSignal is a TypeError, and the call changes nothing", async () => {
    for (const [kind, signal] of Object.entries(WRONG)) {
      using all = await Connected.open(m);
      const wrong: Record<string, string> = {};
      for (const [method, call] of Object.entries(calls(m, all))) {
        const error = await settled(failure(() => call({ signal })));
        if (!(error instanceof TypeError)) wrong[method] = String(error);
      }
      assert.deepEqual(wrong, {}, kind);
      // Nothing was sent or received, and no call is pending: the next data is for the next call.
      await all.peer.sendall("next");
      assert.equal(text(await all.client.recv(100)), "next");
      all.peer.setblocking(false);
      await assert.rejects(all.peer.recv(10), { code: "EAGAIN" });
      all.server.setblocking(false);
      await assert.rejects(all.server.accept(), { code: "EAGAIN" });
    }
  });

  test("an unknown name is a TypeError, and so are options that are no object", async () => {
    using all = await Connected.open(m);
    const wrong: Record<string, string> = {};
    for (const [method, call] of Object.entries(calls(m, all))) {
      for (const options of [{ sginal: undefined }, null, 5, [], new AbortController().signal]) {
        const error = await settled(failure(() => call(options)));
        if (!(error instanceof TypeError)) wrong[`${method} ${options}`] = String(error);
      }
    }
    assert.deepEqual(wrong, {});
  });

  test("a signal of null or undefined counts as left out", async () => {
    for (const signal of [null, undefined]) {
      using all = await Connected.open(m);
      const receiving = all.client.recv(100, 0, { signal });
      await staysPending(receiving);
      await all.peer.sendall("hello", 0, { signal });
      assert.equal(text(await receiving), "hello");
      assert.equal((await m.select([], [all.client], [], 5, { signal }))[1][0], all.client);
    }
  });

  test("properties that shadow those of a signal have no effect", async () => {
    using all = await Connected.open(m);
    const { signal, abort } = (() => {
      const controller = new AbortController();
      return { signal: controller.signal, abort: () => controller.abort("aborted") };
    })();
    const broken = () => {
      throw new Error("broken");
    };
    for (const property of ["addEventListener", "removeEventListener", "throwIfAborted"]) {
      Object.defineProperty(signal, property, { value: broken });
    }
    Object.defineProperty(signal, "reason", { get: broken });
    const receiving = all.client.recv(10, 0, { signal });
    await staysPending(receiving);
    await all.peer.sendall("hello");
    assert.equal(text(await receiving), "hello");
    const aborted = all.client.recv(10, 0, { signal });
    abort();
    await assert.rejects(aborted, (reason) => reason === "aborted");
    all.client.settimeout(0.01);
    await assert.rejects(all.client.recv(10), { name: "TimeoutError" });
  });

  test("options may replace the first optional argument that is left out", async () => {
    using all = await Connected.open(m);
    const { client, peer } = all;
    const options = { signal: AbortSignal.abort("aborted") };
    const view = new Uint8Array(10);
    const file = client.makefile("rb");
    const early: Record<string, () => Promise<unknown>> = {
      recv: () => client.recv(10, options),
      recv_into: () => client.recv_into(view, options),
      "recv_into with nbytes": () => client.recv_into(view, 5, options),
      recvfrom: () => client.recvfrom(10, options),
      recvfrom_into: () => client.recvfrom_into(view, options),
      recvmsg: () => client.recvmsg(10, options),
      "recvmsg with ancbufsize": () => client.recvmsg(10, 0, options),
      recvmsg_into: () => client.recvmsg_into([view], options),
      send: () => client.send("x", options),
      sendall: () => client.sendall("x", options),
      sendmsg: () => client.sendmsg(["x"], options),
      "sendmsg with control messages": () => client.sendmsg(["x"], [], options),
      "sendmsg with flags": () => client.sendmsg(["x"], [], 0, options),
      recv_fds: () => m.recv_fds(client, 10, 1, options),
      create_connection: () => m.create_connection(all.address, options),
      "create_connection with a timeout": () => m.create_connection(all.address, 5, options),
      select: () => m.select([client], [], [], options),
      poll: () => m.poll().poll(options),
      "a file's read": () => file.read(options),
      "a file's readline": () => file.readline(options),
      "a file's peek": () => file.peek(options),
    };
    for (const [method, call] of Object.entries(early)) {
      await assert.rejects(settled(call()), (reason) => reason === "aborted", method);
    }
    await file.close();
    await assert.rejects(client.recv(10, { signal: null }, { signal: null } as never), TypeError);
    await assert.rejects(client.recv_into(view, { signal: null }, 5 as never), TypeError);
    peer.setblocking(false);
    await assert.rejects(peer.recv(10), { code: "EAGAIN" }, "nothing was sent");
  });

  test("create_connection takes Python's keywords", async () => {
    using all = await Connected.open(m);
    using client = await m.create_connection(all.address, { timeout: 2 });
    assert.equal(client.gettimeout(), 2);
    using endless = await m.create_connection(all.address, { timeout: null });
    assert.equal(endless.gettimeout(), null);
    await assert.rejects(m.create_connection(all.address, 2, null, { timeout: 2 }), TypeError);
    await assert.rejects(m.create_connection(all.address, { timeout: -1 }), RangeError);
    await assert.rejects(m.create_connection(all.address, { timeuot: 2 } as never), TypeError);
  });
}
