// Every call that takes a signal: null means no signal, and anything else that is no AbortSignal is a TypeError without
// an effect.

import assert from "node:assert/strict";
import { reader } from "../select.ts";
import type { WaitOptions } from "../select.ts";
import { SUBJECTS } from "./_sim.ts";
import { TemporaryDirectory } from "./_helpers.ts";
import { failure } from "./conformance/fixtures.ts";
import type { Module } from "./conformance/fixtures.ts";

type Options = WaitOptions;
type Calls = Record<string, (options: Options) => Promise<unknown>>;

/** Values that are not an AbortSignal. */
const WRONG: Record<string, unknown> = {
  "a controller": new AbortController(),
  "an object": { aborted: false },
  "its prototype alone": Object.create(AbortSignal.prototype),
  "text": "x",
  "a number": 1,
  "false": false,
};

/** Makes all calls on a pair whose first end has the line "abc" to receive. With a wrong signal no call takes it. */
class All implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  static async open(m: Module): Promise<[All, Calls]> {
    const all = new All();
    const [a, b] = (await m.socketpair()).map((socket) => all.#stack.use(socket));
    await b.sendall("abc\n");
    const directory = all.#stack.use(new TemporaryDirectory());
    const path = directory.fresh();
    await Deno.writeTextFile(path, "file");
    const file = all.#stack.use(await Deno.open(path));
    const server = all.#stack.use(m.create_server(["127.0.0.1", 0]));
    const poller = m.poll();
    poller.register(a, m.POLLIN);
    const epoller = all.#stack.use(m.epoll());
    epoller.register(a, m.POLLIN);
    const selectors = [new m.SelectSelector(), new m.PollSelector(), new m.EpollSelector()];
    for (const selector of selectors) {
      selector.register(a, m.EVENT_READ);
      all.#stack.defer(() => selector.close());
    }
    const lines = all.#stack.use(reader(new Blob(["one\ntwo\nthree\n"]).stream()));
    const peeking = m.MSG_PEEK;
    // Files of both ends. Files for reading have their own line, and writes go nowhere.
    const makefile = async (mode: "rb" | "wb" | "r" | "w", buffering?: number) => {
      const [one, other] = (await m.socketpair()).map((socket) => all.#stack.use(socket));
      await other.sendall("line\nline\nline\n");
      await other.shutdown(m.SHUT_WR);
      return all.#stack.use(one.makefile(mode, buffering === undefined ? {} : { buffering })) as any;
    };
    const calls: Calls = {
      "recv": (options) => a.recv(10, peeking, options),
      "recv_into": (options) => a.recv_into(new Uint8Array(10), 0, peeking, options),
      "recvfrom": (options) => a.recvfrom(10, peeking, options),
      "recvfrom_into": (options) => a.recvfrom_into(new Uint8Array(10), 0, peeking, options),
      "recvmsg": (options) => a.recvmsg(10, 0, peeking, options),
      "recvmsg_into": (options) => a.recvmsg_into([new Uint8Array(10)], 0, peeking, options),
      "send": (options) => b.send("x", 0, options),
      "sendall": (options) => b.sendall("x", 0, options),
      "sendmsg": (options) => b.sendmsg(["x"], [], 0, null, options),
      "sendfile": (options) => b.sendfile(file, 0, null, options),
      "select": (options) => m.select([a], [], [], null, options),
      "poll": (options) => poller.poll(null, options),
      "epoll": (options) => epoller.poll(null, -1, options),
      "reader read": (options) => lines.read(1, options),
      "reader readline": (options) => lines.readline(-1, options),
      "reader readlines": (options) => lines.readlines(-1, options),
      "getaddrinfo": (options) => m.getaddrinfo("127.0.0.1", 80, 0, 0, 0, 0, options),
      "getnameinfo": (options) => m.getnameinfo(["127.0.0.1", 80], m.NI_NUMERICHOST, options),
      "gethostbyname": (options) => m.gethostbyname("127.0.0.1", options),
      "gethostbyname_ex": (options) => m.gethostbyname_ex("127.0.0.1", options),
      "gethostbyaddr": (options) => m.gethostbyaddr("127.0.0.1", options),
      "getfqdn": (options) => m.getfqdn("127.0.0.1", options),
      "connect": (options) => all.#stack.use(m.socket()).connect(server.getsockname(), options),
      "create_connection": async (options) => {
        all.#stack.use(await m.create_connection(server.getsockname(), null, null, options));
      },
      "accept": async (options) => all.#stack.use((await server.accept(options))[0]),
    };
    selectors.forEach((selector, n) => calls[`selector ${n}`] = (options) => selector.select(null, options));
    for (
      const [kind, mode, buffering] of [["raw", "b", 0], ["buffered", "b", undefined], ["text", "", undefined]] as const
    ) {
      for (const name of ["read", "readline", "readlines"]) {
        const one = await makefile(`r${mode}`, buffering);
        calls[`${kind} file, ${name}`] = (options) => one[name](-1, options);
      }
      const one = await makefile(`w${mode}`, buffering);
      calls[`${kind} file, write`] = (options) => one.write("x", options);
      if (kind !== "raw") calls[`${kind} file, flush`] = (options) => one.flush(options);
    }
    for (const name of ["readinto", "readinto1"]) {
      const one = await makefile("rb");
      calls[`buffered file, ${name}`] = (options) => one[name](new Uint8Array(1), options);
    }
    return [all, calls];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

for (const { name, module: m } of SUBJECTS) {
  Deno.test(`${name}: a signal that is no AbortSignal is a TypeError, and the next call loses nothing`, async () => {
    const [all, calls] = await All.open(m);
    await using _all = all;
    const failed: string[] = [];
    for (const [what, call] of Object.entries(calls)) {
      for (const [kind, signal] of Object.entries(WRONG)) {
        const error = await failure(() => call({ signal: signal as AbortSignal }));
        if (!(error instanceof TypeError) || !/signal/.test(error.message)) failed.push(`${what}, ${kind}: ${error}`);
      }
      const error = await failure(() => call({ signals: null } as Options));
      if (!(error instanceof TypeError) || !/signals/.test(error.message)) failed.push(`${what}, unknown: ${error}`);
    }
    assert.deepEqual(failed, []);
    for (const [what, call] of Object.entries(calls)) {
      await assert.doesNotReject(() => call({ signal: null }), what);
    }
  });
}
