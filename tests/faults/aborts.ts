// Gives up calls at every moment. No byte, datagram or connection is lost or duplicated.

import assert from "node:assert/strict";
import type { Socket } from "../../mod.ts";
import { Connected, Listening, receive, text } from "../conformance/fixtures.ts";
import type { Module, Subject } from "../conformance/fixtures.ts";
import { turn } from "./raw.ts";

/** More turns than any call on loopback takes. */
const TURNS = 32;

/** The moments of the aborts: after each number of microtasks, and after each number of turns of the event loop. */
const MOMENTS: (() => Promise<void>)[] = [
  ...Array.from({ length: TURNS }, (_, count) => async () => {
    for (let i = 0; i < count; i++) await undefined;
  }),
  ...Array.from({ length: TURNS }, (_, count) => () => turn(count)),
];

/**
 * Runs a call that is aborted at a moment, while an event happens that can end it. Returns its result, or undefined if it
 * was given up.
 */
async function runAborted<T>(
  moment: () => Promise<void>,
  call: (signal: AbortSignal) => Promise<T>,
  meanwhile: () => Promise<unknown>,
): Promise<{ value: T } | undefined> {
  const controller = new AbortController();
  const reason = new Error("given up");
  const outcome = call(controller.signal).then((value) => ({ value }), (error) => {
    assert.equal(error, reason);
    return undefined;
  });
  const other = meanwhile();
  await moment();
  controller.abort(reason);
  const [result] = await Promise.all([outcome, other]);
  return result;
}

/** The calls that receive one message of four bytes. Each returns the bytes of the message. */
const RECEIVES: Record<string, (sock: Socket, signal: AbortSignal) => Promise<Uint8Array>> = {
  recv: (sock, signal) => sock.recv(4, 0, { signal }),
  recvfrom: async (sock, signal) => (await sock.recvfrom(4, 0, { signal }))[0],
  recvmsg: async (sock, signal) => (await sock.recvmsg(4, 0, 0, { signal }))[0],
  recv_into: async (sock, signal) => {
    const buffer = new Uint8Array(4);
    return buffer.subarray(0, await sock.recv_into(buffer, 0, 0, { signal }));
  },
  recvmsg_into: async (sock, signal) => {
    const buffer = new Uint8Array(4);
    return buffer.subarray(
      0,
      (await sock.recvmsg_into([buffer.subarray(0, 1), buffer.subarray(1)], 0, 0, { signal }))[0],
    );
  },
};

/** The n-th message. */
const message = (n: number): Uint8Array => new TextEncoder().encode(String(n).padStart(4, "0"));

/** Returns calls that wait, by name. A signal gives each one up. */
function waits(m: Module, sock: Socket): Record<string, (signal: AbortSignal) => Promise<boolean>> {
  return {
    select: async (signal) => (await m.select([sock], [], [], null, { signal }))[0].length === 1,
    poll: async (signal) => {
      const poller = m.poll();
      poller.register(sock, m.POLLIN);
      return (await poller.poll(null, { signal })).length === 1;
    },
    epoll: async (signal) => {
      using poller = m.epoll();
      poller.register(sock, m.EPOLLIN);
      return (await poller.poll(null, -1, { signal })).length === 1;
    },
    selectors: async (signal) => {
      using selector = new m.DefaultSelector();
      selector.register(sock, m.EVENT_READ);
      return (await selector.select(null, { signal })).length === 1;
    },
  };
}

export function abortSuite({ name, module: m }: Subject): void {
  const test = (what: string, fn: () => Promise<void>) => Deno.test(`${name}: abort at every turn: ${what}`, fn);

  for (const [method, call] of Object.entries(RECEIVES)) {
    test(`${method} on a stream`, async () => {
      using all = await Connected.open(m);
      for (const [n, moment] of MOMENTS.entries()) {
        const got = await runAborted(moment, (signal) => call(all.peer, signal), () => all.client.sendall(message(n)));
        const first = got?.value ?? new Uint8Array();
        const rest = await receive(all.peer, 4 - first.length);
        assert.equal(text(first) + text(rest), text(message(n)));
      }
    });

    test(`${method} of a datagram`, async () => {
      using server = m.socket(m.AF_INET, m.SOCK_DGRAM);
      server.bind(["127.0.0.1", 0]);
      using client = m.socket(m.AF_INET, m.SOCK_DGRAM);
      for (const [n, moment] of MOMENTS.entries()) {
        const got = await runAborted(
          moment,
          (signal) => call(server, signal),
          () => client.sendto(message(n), server.getsockname()),
        );
        assert.equal(text(got?.value ?? await server.recv(100)), text(message(n)));
      }
      server.setblocking(false);
      await assert.rejects(server.recv(1), m.BlockingIOError);
    });
  }

  test("accept", async () => {
    using all = new Listening(m, "IPv4");
    for (const moment of MOMENTS) {
      using client = all.socket();
      const got = await runAborted(
        moment,
        (signal) => all.server.accept({ signal }),
        () => client.connect(all.address),
      );
      const [conn, address] = got?.value ?? await all.server.accept();
      assert.deepEqual(address, client.getsockname());
      conn.close();
    }
    all.server.setblocking(false);
    await assert.rejects(all.server.accept(), m.BlockingIOError);
  });

  test("a connect that was given up continues", async () => {
    using all = new Listening(m, "IPv4");
    for (const moment of MOMENTS) {
      using client = all.socket();
      await runAborted(moment, (signal) => client.connect(all.address, { signal }), () => Promise.resolve());
      const [, writable] = await m.select([], [client], []);
      assert.deepEqual(writable, [client]);
      assert.equal(client.getsockopt(m.SOL_SOCKET, m.SO_ERROR), 0);
      // A call that was aborted before it began has not connected.
      if (await client.connect_ex(all.address) !== 0) assert.deepEqual(client.getpeername(), all.address);
      const [conn, address] = await all.server.accept();
      assert.deepEqual(address, client.getsockname());
      conn.close();
    }
    all.server.setblocking(false);
    await assert.rejects(all.server.accept(), m.BlockingIOError);
  });

  test("connect to a Unix path", async () => {
    using all = new Listening(m, "Unix");
    for (const moment of MOMENTS) {
      using client = all.socket();
      const got = await runAborted(
        moment,
        (signal) => client.connect(all.address, { signal }),
        () => Promise.resolve(),
      );
      // The connect that was given up may continue or end. Connecting again leads to one connection in both cases.
      if (got === undefined) {
        const error = await client.connect(all.address).then(() => null, (error) => error);
        if (error !== null) assert.equal(error.code, "EISCONN");
      }
      await client.sendall("x");
      const [conn] = await all.server.accept();
      assert.equal(text(await conn.recv(9)), "x");
      conn.close();
    }
    all.server.setblocking(false);
    await assert.rejects(all.server.accept(), m.BlockingIOError);
  });

  test("sendto sends all of a datagram once, or nothing", async () => {
    using server = m.socket(m.AF_INET, m.SOCK_DGRAM);
    server.bind(["127.0.0.1", 0]);
    const address = server.getsockname();
    using client = m.socket(m.AF_INET, m.SOCK_DGRAM);
    for (const [n, moment] of MOMENTS.entries()) {
      const got = await runAborted(
        moment,
        (signal) => client.sendto(message(n), 0, address, { signal }),
        () => Promise.resolve(),
      );
      await client.sendto("end", address);
      const expected = got === undefined ? ["end"] : [text(message(n)), "end"];
      for (const one of expected) assert.equal(text(await server.recv(100)), one);
    }
  });

  test("create_connection leaves no connection open", async () => {
    using all = new Listening(m, "IPv4");
    all.server.setblocking(false);
    for (const moment of MOMENTS) {
      const got = await runAborted(
        moment,
        (signal) => m.create_connection(all.address, null, null, { signal }),
        () => Promise.resolve(),
      );
      await turn();
      const conn = await all.server.accept().then(([conn]) => conn, () => undefined);
      if (got !== undefined) {
        await got.value.sendall("x");
        assert.equal(text(await conn!.recv(1)), "x");
        await got.value[Symbol.asyncDispose]();
      } else if (conn !== undefined) {
        assert.equal((await conn.recv(1)).length, 0);
      }
      await conn?.[Symbol.asyncDispose]();
    }
  });

  test("send returns how many bytes it has sent", async () => {
    using all = await Connected.open(m);
    for (const [n, moment] of MOMENTS.entries()) {
      const got = await runAborted(
        moment,
        (signal) => all.client.send(message(n), 0, { signal }),
        () => Promise.resolve(),
      );
      // The mark comes after everything that was sent before it.
      await all.client.sendall("!");
      const expected = `${text(message(n)).slice(0, got?.value ?? 0)}!`;
      assert.equal(text(await receive(all.peer, expected.length)), expected);
    }
  });

  test("sendall stops after some byte, and the data of the next call follows that byte", async () => {
    // This is more than the buffers of loopback hold, so the call waits.
    const data = new Uint8Array(16 << 20).map((_, i) => i % 251);
    for (const moment of MOMENTS.filter((_, n) => n % 4 === 0)) {
      using all = await Connected.open(m);
      await runAborted(moment, (signal) => all.client.sendall(data, 0, { signal }), () => Promise.resolve());
      const sending = all.client.sendall(new Uint8Array([255, 255, 255])).then(() => all.client.shutdown(m.SHUT_WR));
      let length = 0;
      let marks = 0;
      for await (const chunk of all.peer) {
        for (const byte of chunk) {
          if (byte === 255) marks++;
          else if (marks > 0 || byte !== data[length++]) assert.fail(`byte ${length} is ${byte}, after ${marks} marks`);
        }
      }
      await sending;
      assert.equal(marks, 3);
      assert.ok(length <= data.length);
    }
  });

  test("a file's line", async () => {
    using all = await Connected.open(m);
    const file = all.peer.makefile("r");
    for (const [n, moment] of MOMENTS.entries()) {
      const line = `line ${n} 世界\n`;
      const [head, tail] = [line.slice(0, 6), line.slice(6)];
      await all.client.sendall(head);
      const got = await runAborted(moment, (signal) => file.readline(null, { signal }), () => all.client.sendall(tail));
      assert.equal(got?.value ?? await file.readline(), line);
    }
    await file.close();
  });

  for (const kind of ["select", "poll", "epoll", "selectors"]) {
    test(kind, async () => {
      using all = await Connected.open(m);
      for (const [n, moment] of MOMENTS.entries()) {
        const wait = waits(m, all.peer)[kind];
        const got = await runAborted(moment, wait, () => all.client.sendall(message(n)));
        assert.ok(got?.value ?? true);
        assert.equal(text(await receive(all.peer, 4)), text(message(n)));
      }
    });
  }
}
