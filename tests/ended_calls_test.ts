// Calls that are ended by other code: by closing through another Socket object or through the descriptor's number, by
// shutdown, or by detach. Also the memory that such calls used.

import assert from "node:assert/strict";
import { errorFor } from "../base/errors.ts";
import { partsOf } from "../core/socket.ts";
import { SHUT_WR } from "../mod.ts";
import type { Socket } from "../mod.ts";
import { BACKENDS } from "./_backends.ts";
import { SUBJECTS } from "./_sim.ts";
import { converse } from "./_examples.ts";
import { pythonTest, runDeno, runPython } from "./_helpers.ts";
import { Connected, failure, Listening, receive, settled, staysPending, text } from "./conformance/fixtures.ts";
import type { Module } from "./conformance/fixtures.ts";

/** More than both buffers hold: Linux lets them grow to some megabytes. */
const MUCH = 32 * 2 ** 20;

/** A connected pair of TCP or Unix sockets. */
async function connect(m: Module, family: "TCP" | "Unix"): Promise<[Socket, Socket]> {
  if (family === "Unix") return await m.socketpair();
  using listening = new Listening(m, "IPv4");
  const client = listening.socket();
  const accepted = listening.server.accept();
  await client.connect(listening.address);
  return [client, (await accepted)[0]];
}

/** Calls that can be pending on a connection or its listener. */
const PENDING: Record<string, (all: Connected) => [Socket, Promise<unknown>]> = {
  recv: ({ client }) => [client, client.recv(10)],
  "small recv_into": ({ client }) => [client, client.recv_into(new Uint8Array(10))],
  "large recv_into": ({ client }) => [client, client.recv_into(new Uint8Array(65536))],
  accept: ({ server }) => [server, server.accept()],
  sendall: ({ client }) => [client, client.sendall(new Uint8Array(MUCH))],
};

/** What ends a sendall. Returns another socket of the connection if that stays open for sending. */
const ENDS: Record<string, (m: Module, socket: Socket) => Promise<void> | Socket | void> = {
  SHUT_WR: (m, socket) => socket.shutdown(m.SHUT_WR),
  SHUT_RDWR: (m, socket) => socket.shutdown(m.SHUT_RDWR),
  close: (_, socket) => socket.close(),
  detach: (m, socket) => m.socket(-1, -1, -1, socket.detach()),
  "close while a duplicate is open": (_, socket) => {
    const copy = socket.dup();
    socket.close();
    return copy;
  },
};

/** Receives to the end of the stream. Returns how many bytes have a value. */
async function count(socket: Socket, value: number): Promise<number> {
  let found = 0;
  for await (const data of socket) for (const byte of data) if (byte === value) found++;
  return found;
}

for (const { name, module: m } of SUBJECTS) {
  const test = (what: string, fn: () => Promise<void> | void) => Deno.test(`${name}: ${what}`, fn);

  test("the peer receives concurrent sendmsg calls on a socket and its duplicate once each", async () => {
    using all = await Connected.open(m);
    using copy = all.client.dup();
    const sent = Promise.all([all.client.sendmsg(["AA", "AA"]), copy.sendmsg(["BB", "BB"])]);
    const ended = sent.then(() => all.client.shutdown(m.SHUT_WR), () => {});
    let got = "";
    for await (const chunk of all.peer) {
      got += text(chunk);
      if (got.length > 8) break;
    }
    assert.match(got, /^(AAAABBBB|BBBBAAAA)$/);
    assert.deepEqual(await sent, [4, 4]);
    await ended;
  });

  test("a sendall that fails with its first attempt ends its turn, and the next one sends", async () => {
    using all = await Connected.open(m);
    const transport = partsOf(all.client).descriptor.open;
    const send = transport.send.bind(transport);
    const turns: number[] = [];
    transport.send = (caller, ...rest) => {
      turns.push(caller.turn);
      if (turns.length === 1) throw errorFor("ENOBUFS", { syscall: "send" });
      return send(caller, ...rest);
    };
    await assert.rejects(all.client.sendall("one"), { code: "ENOBUFS" });
    await all.client.sendall("two");
    assert.equal(text(await receive(all.peer, 3)), "two");
    assert.notEqual(turns[1], turns[0]);
  });

  for (const [what, begin] of Object.entries(PENDING)) {
    test(`close of the descriptor rejects a pending ${what} with EBADF`, async () => {
      using all = await Connected.open(m);
      const [socket, pending] = begin(all);
      const failed = assert.rejects(pending, { name: "OSError", code: "EBADF" });
      await staysPending(pending);
      m.close(socket.fileno());
      await settled(failed);
      assert.throws(() => socket.close(), { code: "EBADF" });
    });

    test(`close of another object on the descriptor rejects a pending ${what} with EBADF`, async () => {
      using all = await Connected.open(m);
      const [socket, pending] = begin(all);
      const other = m.socket(-1, -1, -1, socket.fileno());
      const failed = assert.rejects(pending, { name: "OSError", code: "EBADF" });
      await staysPending(pending);
      other.close();
      await settled(failed);
      assert.throws(() => socket.close(), { code: "EBADF" });
    });
  }

  test("close after a close of the descriptor is EBADF, once", () => {
    const socket = m.socket();
    m.close(socket.fileno());
    assert.throws(() => socket.close(), { name: "OSError", code: "EBADF" });
    socket.close();
  });

  for (const family of ["TCP", "Unix"] as const) {
    for (const how of ["SHUT_WR", "SHUT_RDWR"] as const) {
      test(`${family}: ${how} ends a stalled sendall, though the peer reads nothing`, async () => {
        const [a, b] = await connect(m, family);
        const sending = a.sendall(new Uint8Array(MUCH));
        const failed = assert.rejects(sending, { name: "BrokenPipeError", code: "EPIPE" });
        await staysPending(sending);
        await a.shutdown(m[how]);
        await settled(failed);
        a.close();
        b.close();
      });
    }

    for (const [what, end] of Object.entries(ENDS)) {
      test(`${family}: the memory of a stalled sendall is not read after ${what} has ended the call`, async () => {
        const [a, b] = await connect(m, family);
        using _a = a;
        using _b = b;
        const data = new Uint8Array(MUCH);
        const sending = failure(() => a.sendall(data));
        await staysPending(sending);
        const rest = await end(m, a);
        await settled(sending);
        data.fill(1);
        const receiving = count(b, 1);
        // The write that was under way can continue now.
        if (rest instanceof m.Socket) {
          await settled(rest.sendall("end"));
          rest.close();
        }
        assert.equal(await settled(receiving), 0);
      });
    }
  }

  for (const how of ["SHUT_RD", "SHUT_RDWR"] as const) {
    test(`iteration over a listener ends with ${how}`, async () => {
      using listening = new Listening(m, "IPv4");
      const iterating = (async () => {
        for await (const [peer] of listening.server) peer.close();
        return "ended";
      })();
      await staysPending(iterating);
      await listening.server.shutdown(m[how]);
      assert.equal(await settled(iterating), "ended");
    });
  }

  for (const method of ["send", "sendall"] as const) {
    test(`${method} of memory sends all of it, also after close has ended a duplicate's ${method} of the same memory`, async () => {
      using all = await Connected.open(m);
      const copy = all.client.dup();
      const data = new Uint8Array(1000).fill(65);
      const first = copy[method](data).catch((error) => error.code);
      copy.close();
      await first;
      data.fill(66);
      await all.client[method](data);
      await assertEndsWith(all.client, all.peer, data);
    });

    test(`${method} of memory sends all of it, also after detach has ended a ${method} of the same memory`, async () => {
      using all = await Connected.open(m);
      const data = new Uint8Array(1000).fill(65);
      const first = all.client[method](data).catch((error) => error.code);
      using again = m.socket(-1, -1, -1, all.client.detach());
      await first;
      data.fill(66);
      await again[method](data);
      await assertEndsWith(again, all.peer, data);
    });
  }
}

/** Ends the stream and checks its last bytes. The call that was ended may have sent everything or nothing before. */
async function assertEndsWith(from: Socket, peer: Socket, data: Uint8Array): Promise<void> {
  await from.shutdown(SHUT_WR);
  const got = await receive(peer, 3 * data.length);
  assert([data.length, 2 * data.length].includes(got.length), `${got.length} bytes`);
  assert.deepEqual(got.subarray(-data.length), data);
}

const [{ module: onDeno, url }] = BACKENDS;

for (const family of ["TCP", "Unix"]) {
  Deno.test(`deno, ${family}: the memory of an ended recv_into can be transferred, and the process continues`, async () => {
    // Deno itself crashed here once, so the program runs in another process.
    await using program = await runDeno(`
      import * as socket from ${JSON.stringify(url)};
      const [a, b] = await socket.socketpair(${family === "TCP" ? "socket.AF_INET" : ""});
      const buffer = new Uint8Array(32768);
      const ended = a.recv_into(buffer).catch((error) => console.log(error.code));
      await new Promise((resolve) => setImmediate(resolve));
      const again = socket.socket(-1, -1, -1, a.detach());
      await ended;
      structuredClone(buffer, { transfer: [buffer.buffer] });
      // A read fills the connection's own memory, so the data is for the next receive.
      await b.sendall("received");
      await socket.select([again], [], [], 0);
      console.log(new TextDecoder().decode(await again.recv(100)));
      again.close();
      b.close();
    `);
    assert.equal(await converse(program), "EBADF\nreceived\n");
  });
}

/** Starts a send that waits, and gives its call up. */
async function stall(socket: Socket): Promise<void> {
  socket.settimeout(0.05);
  await assert.rejects(socket.sendall(new Uint8Array(MUCH)), { message: "timed out" });
  socket.settimeout(10);
}

/** Checks what a stalled socket receives after its peer has sent "bye" and closed with much unread data. */
async function assertLastWords(socket: Socket): Promise<void> {
  // Turns of the event loop in which the send can fail. A select would read during that time.
  for (let turn = 0; turn < 300; turn++) await new Promise((resolve) => setImmediate(resolve));
  const answers = [];
  for (let n = 0; n < 3; n++) answers.push(await socket.recv(10).then(text, (error) => error.code));
  assert.deepEqual(answers, ["bye", "ECONNRESET", ""]);
}

pythonTest(
  "deno, TCP: after a send with an unreported error, recv returns the peer's last data before the error",
  async () => {
    // The peer is Python's, since Deno shuts a connection down before it closes it.
    await using program = runPython(`
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1])
peer = listener.accept()[0]
input()
peer.sendall(b"bye")
peer.close()
print("closed")
`);
    using client = await onDeno.create_connection(["127.0.0.1", Number(await program.line())]);
    await stall(client);
    await program.write("close");
    await program.line();
    await assertLastWords(client);
  },
);

Deno.test("deno, Unix: after a send with an unreported error, recv returns the peer's last data before the error", async () => {
  const [a, b] = await onDeno.socketpair();
  await stall(a);
  await b.sendall("bye");
  b.close();
  await assertLastWords(a);
  a.close();
});

Deno.test({
  name: "deno: data of a sendall that failed is not kept",
  ignore: !("gc" in globalThis),
  fn: async () => {
    const { socketpair, AF_INET } = BACKENDS[0].module;
    const [a, b] = await socketpair(AF_INET);
    using _a = a;
    const fail = async () => {
      const data = new Uint8Array(2 ** 26);
      const sending = a.sendall(data);
      await b.recv(1);
      b.close();
      await assert.rejects(sending);
      return new WeakRef(data);
    };
    const left = await fail();
    // A WeakRef keeps its object alive until the end of a turn.
    for (let turns = 0; turns < 10 && left.deref() !== undefined; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      (globalThis as unknown as { gc(): void }).gc();
    }
    assert.equal(left.deref(), undefined);
  },
});

Deno.test({
  name: "deno: a closed connection whose peer receives nothing is reset after a time",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const { socketpair, AF_INET } = BACKENDS[0].module;
    const start = globalThis.setTimeout;
    const [a, b] = await socketpair(AF_INET);
    using _b = b;
    a.settimeout(0.05);
    await assert.rejects(a.sendall(new Uint8Array(2 ** 26)), { name: "TimeoutError" });
    let end: (() => void) | undefined;
    let patience = 0;
    globalThis.setTimeout = ((callback: () => void, delay: number) => {
      [end, patience] = [callback, delay];
      return start(() => {}, 0);
    }) as typeof setTimeout;
    try {
      a.close();
    } finally {
      globalThis.setTimeout = start;
    }
    assert.equal(patience, 60_000);
    const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const open = descriptors();
    end!();
    for (let turns = 0; turns < 100 && descriptors() === open; turns++) await new Promise((end) => setImmediate(end));
    assert.equal(descriptors(), open - 1);
  },
});

Deno.test({
  name: "deno: connections keep little memory after a large send",
  ignore: !("gc" in globalThis),
  fn: async () => {
    const { socketpair, AF_INET } = BACKENDS[0].module;
    const pairs = await Promise.all(Array.from({ length: 40 }, () => socketpair(AF_INET)));
    const buffers = () => {
      (globalThis as unknown as { gc(): void }).gc();
      return Deno.memoryUsage().external;
    };
    const before = buffers();
    const piece = new Uint8Array(2 ** 18);
    const room = new Uint8Array(2 ** 18);
    for (const [a, b] of pairs) {
      // With a timeout, it is sent from a copy.
      a.settimeout(60);
      const sending = a.sendall(piece);
      for (let left = piece.length; left > 0;) left -= await b.recv_into(room);
      await sending;
    }
    // What was received was kept in some 128 KiB.
    const kept = buffers() - before - piece.length - room.length;
    assert(kept < pairs.length * piece.length, `${kept} bytes`);
    for (const sock of pairs.flat()) sock.close();
  },
});

for (const { name, module: m } of BACKENDS) {
  Deno.test(`${name}: a call whose socket is closed during its look-up fails with its name`, async () => {
    const address: [string, number] = ["localhost", 9];
    const calls: Record<string, (socket: Socket) => Promise<unknown>> = {
      connect: (socket) => socket.connect(address),
      sendto: (socket) => socket.sendto("x", address),
      sendmsg: (socket) => socket.sendmsg(["x"], [], 0, address),
    };
    for (const [syscall, call] of Object.entries(calls)) {
      const socket = m.socket(m.AF_INET, m.SOCK_DGRAM);
      const ended = failure(() => call(socket));
      socket.close();
      const error = await settled(ended) as InstanceType<typeof m.OSError>;
      assert.deepEqual([error.code, error.syscall], ["EBADF", syscall]);
      assert.ok(error.address !== undefined, syscall);
    }
  });
}
