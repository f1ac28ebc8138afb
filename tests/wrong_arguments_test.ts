// Wrong arguments and destinations cause an error and change nothing.

import assert from "node:assert/strict";
import * as native from "../native.ts";
import { EVENT_READ } from "../select.ts";
import { SUBJECTS } from "./_sim.ts";
import { converse } from "./_examples.ts";
import { Program } from "./_helpers.ts";
import { Connected, failure } from "./conformance/fixtures.ts";
import type { Module } from "./conformance/fixtures.ts";

/** Calls with arguments of a wrong kind. */
function wrongCalls(m: Module, { client, server, address }: Connected): Record<string, () => unknown> {
  const wrong = (value: unknown) => value as never;
  const signal = wrong(AbortSignal.abort());
  return {
    "recv, a signal": () => client.recv(5, 0, signal),
    "recv, a number": () => client.recv(5, 0, wrong(1)),
    "recv, null": () => client.recv(5, 0, wrong(null)),
    "recv_into, a signal": () => client.recv_into(new Uint8Array(5), 0, 0, signal),
    "recvfrom, a signal": () => client.recvfrom(5, 0, signal),
    "recvmsg, a signal": () => client.recvmsg(5, 0, 0, signal),
    "send, a signal": () => client.send("x", 0, signal),
    "sendall, a signal": () => client.sendall("x", 0, signal),
    "sendall, a number": () => client.sendall("x", 0, wrong(1)),
    "accept, a signal": () => server.accept(signal),
    "connect, a signal": async () => {
      using sk = m.socket();
      await sk.connect(address, signal);
    },
    "makefile, Python's buffering": () => client.makefile("rb", wrong(0)),
    "create_server, Python's family": () => m.create_server(["127.0.0.1", 0], wrong(m.AF_INET)),
    "create_connection, a signal": () => m.create_connection(address, null, null, signal),
    "create_connection, a number": () => m.create_connection(address, null, null, wrong(1)),
    "sendmsg, flags as control messages": () => client.sendmsg(["x"], wrong(m.MSG_DONTWAIT)),
    "sendmsg, a level that is a string": () => client.sendmsg(["x"], [[wrong("1"), 1, "d"]]),
    "sendmsg, a type that is a fraction": () => client.sendmsg(["x"], [[1, 1.5, "d"]]),
    "sendmsg, a control message of two items": () => client.sendmsg(["x"], [wrong([1, 1])]),
    "sendmsg, a control message of four items": () => client.sendmsg(["x"], [wrong([1, 1, "d", 1])]),
    "sendmsg, a control message that is an object": () => client.sendmsg(["x"], [wrong({})]),
    "sendmsg, a control message that is a string": () => client.sendmsg(["x"], [wrong("abc")]),
    "recv, options in place of flags and again": () => client.recv(5, {}, {}),
    "recv_fds, a fraction": () => m.recv_fds(client, 5, 1.5),
    "sendmsg, a number": () => client.sendmsg(wrong(42)),
    "sendmsg, an object": () => client.sendmsg(wrong({})),
    "recvmsg_into, an object": () => client.recvmsg_into(wrong({})),
    "recvmsg_into, a number": () => client.recvmsg_into(wrong(42)),
    "socketpair, a fraction": () => m.socketpair(1, 1.5),
    "socketpair, a string": () => m.socketpair(wrong("1")),
    "socketpair, a protocol": () => m.socketpair(1, 1, wrong("0")),
  };
}

for (const { name, module: m } of SUBJECTS) {
  const test = (what: string, fn: () => Promise<void> | void) => Deno.test(`${name}: ${what}`, fn);

  test("arguments of a wrong kind are TypeErrors, and nothing is sent", async () => {
    using all = await Connected.open(m);
    for (const socket of [all.client, all.server]) socket.setblocking(false);
    const failed: Record<string, string | undefined> = {};
    for (const [what, call] of Object.entries(wrongCalls(m, all))) {
      const error = await failure(call);
      if (!(error instanceof TypeError)) failed[what] = String(error);
    }
    assert.deepEqual(failed, {});
    all.peer.setblocking(false);
    await assert.rejects(all.peer.recv(10), { code: "EAGAIN" });
  });

  test("numbers beyond a C int are RangeErrors", async () => {
    for (const number of [2 ** 31, 2 ** 32 + 1, -(2 ** 31) - 1]) {
      assert.throws(() => m.socket(number), RangeError);
      assert.throws(() => m.socket(m.AF_INET, number), RangeError);
      assert.throws(() => m.socket(m.AF_INET, m.SOCK_STREAM, number), RangeError);
      await assert.rejects(m.socketpair(number), RangeError);
    }
  });

  for (const Selector of [m.SelectSelector, m.PollSelector, m.EpollSelector]) {
    test(`${Selector.name}: modify with wrong events throws and keeps the registration`, async () => {
      const [a, b] = await m.socketpair();
      using selector = new Selector();
      const key = selector.register(a, EVENT_READ, "data");
      for (const events of [4, 7, -1, 1.5, NaN, "2", "1", null, undefined]) {
        assert.throws(() => selector.modify(a, events as number), { name: /^(Range|Type)Error$/ }, String(events));
        assert.equal(selector.get_key(a), key);
      }
      await b.send("x");
      assert.deepEqual(await selector.select(5), [[key, EVENT_READ]]);
      a.close();
      b.close();
    });
  }

  test("SO_BROADCAST can be set and read on a stream", async () => {
    using all = await Connected.open(m);
    using copy = all.client.dup();
    using fresh = m.socket();
    for (const socket of [fresh, all.client, copy, all.server]) {
      assert.equal(socket.getsockopt(m.SOL_SOCKET, m.SO_BROADCAST), 0);
    }
    for (const socket of [fresh, all.client, all.server]) {
      socket.setsockopt(m.SOL_SOCKET, m.SO_BROADCAST, 1);
      assert.equal(socket.getsockopt(m.SOL_SOCKET, m.SO_BROADCAST), 1);
    }
    // The option belongs to the open socket, not to the object.
    assert.equal(copy.getsockopt(m.SOL_SOCKET, m.SO_BROADCAST), 1);
    all.client.setsockopt(m.SOL_SOCKET, m.SO_BROADCAST, 0);
    assert.equal(copy.getsockopt(m.SOL_SOCKET, m.SO_BROADCAST), 0);
  });
}

Deno.test({
  name: "native: send_fds with a number that is no descriptor sends nothing",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const [a, b] = await native.socketpair();
    using other = native.socket();
    b.setblocking(false);
    for (const fds of [[other], [undefined], [null], ["7"], [0, "7"], [2 ** 32], [1.9], [NaN], 5, {}, null]) {
      const error = await failure(() => native.send_fds(a, ["x"], fds as number[]));
      assert(error instanceof TypeError || error instanceof RangeError, `${Deno.inspect(fds)}: ${error}`);
      await assert.rejects(b.recv(1), { code: "EAGAIN" });
    }
    a.close();
    b.close();
  },
});

/** Runs a program over the default backend with limited permissions. Returns its output. */
async function run(source: string, ...flags: string[]): Promise<string> {
  const args = ["run", "--no-prompt", "--no-lock", "--no-check", "--unstable-net", ...flags, "--ext=ts", "-"];
  await using program = new Program(Deno.execPath(), args);
  await program.write(`import * as socket from ${JSON.stringify(SUBJECTS[0].url)};\n${source}`);
  return await converse(program);
}

/** A non-blocking connect as programs make it with select, and its result. */
const CONNECT = (host: string) => `
  const client = socket.socket();
  client.setblocking(false);
  const errno = await client.connect_ex([${JSON.stringify(host)}, 9]);
  console.log(new socket.OSError(errno).code);
  console.log((await socket.select([], [client], [], 20))[1].length);
  const error = () => client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR);
  try { console.log(error()); } catch (error) { console.log(error.name); }
  // The error is reported once.
  console.log(error());
`;

Deno.test("deno: SO_ERROR of a non-blocking connect that is not permitted throws NotCapable", async () => {
  assert.equal(await run(CONNECT("127.0.0.1")), "EINPROGRESS\n1\nNotCapable\n0\n");
});

Deno.test("deno: SO_ERROR of a non-blocking connect to an unknown host throws gaierror", async () => {
  assert.equal(await run(CONNECT("nosuch.invalid"), "--allow-net"), "EINPROGRESS\n1\ngaierror\n0\n");
});

Deno.test({
  name: "the default backend refuses a Unix path that is not UTF-8, and does not take it for a host and port",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const m = SUBJECTS[0].module;
    const path = new Uint8Array([0, 99, 255]);
    for (const type of [m.SOCK_STREAM, m.SOCK_DGRAM]) {
      using sock = m.socket(m.AF_UNIX, type);
      assert.throws(() => sock.bind(path), { code: "EOPNOTSUPP", message: /native/ });
      assert.equal(sock.getsockname(), "");
      await assert.rejects(sock.connect(path), { code: "EOPNOTSUPP", message: /native/ });
    }
  },
});

for (const { name, module: m } of SUBJECTS) {
  Deno.test(`${name}: true sets an option, and socket() cannot be called with new`, () => {
    using sock = m.socket();
    sock.setsockopt(m.SOL_SOCKET, m.SO_KEEPALIVE, true);
    assert.notEqual(sock.getsockopt(m.SOL_SOCKET, m.SO_KEEPALIVE), 0);
    sock.setsockopt(m.SOL_SOCKET, m.SO_KEEPALIVE, false);
    assert.equal(sock.getsockopt(m.SOL_SOCKET, m.SO_KEEPALIVE), 0);
    assert.throws(() => new (m.Socket as unknown as new () => unknown)(), { name: "TypeError", message: /socket\(\)/ });
  });

  Deno.test(`${name}: names of services and protocols must not contain a NUL`, async () => {
    const wrong = (value: unknown) => value as string;
    for (
      const call of [
        () => m.getservbyname("http\0x"),
        () => m.getservbyname("http", "tcp\0x"),
        () => m.getservbyport(80, "tcp\0x"),
        () => m.getprotobyname("tcp\0x"),
      ]
    ) await assert.rejects(call(), RangeError);
    for (
      const call of [
        () => m.getservbyname(wrong(80)),
        () => m.getservbyname("http", wrong(null)),
        () => m.getservbyport(80, wrong(6)),
        () => m.getprotobyname(wrong(null)),
      ]
    ) await assert.rejects(call(), TypeError);
  });
}
