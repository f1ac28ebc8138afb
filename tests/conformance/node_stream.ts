// toNodeStream over every backend. Its streams behave as net.Socket.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import process from "node:process";
import type { Readable } from "node:stream";
import { toNodeStream } from "../../node.ts";
import type { NodeStream } from "../../node.ts";
import type { Socket } from "../../mod.ts";
import { runDeno } from "../_helpers.ts";
import { Connected, failure, receive, settled, staysPending, text } from "./fixtures.ts";
import type { Module, Subject } from "./fixtures.ts";

/** Returns the number of the process's open descriptors. */
export function descriptors(): number {
  return Array.from(Deno.readDirSync("/proc/self/fd")).length;
}

/** Settles when the stream emits "close", with whether it had an error. It fails if the stream was closed before. */
function closing(stream: NodeStream): Promise<boolean> {
  return settled(new Promise((resolve) => stream.once("close", resolve)));
}

/** Declares the cases for one backend. Its sockets can reach those of `resetting`, which have SO_LINGER. */
export function testNodeStream({ name, module: m, url, exempt = {} }: Subject, resetting: Module): void {
  const declare = (title: string, fn: () => Promise<void>) => {
    if (!Object.hasOwn(exempt, title)) Deno.test(`${name}: toNodeStream: ${title}`, fn);
  };
  const test = (title: string, fn: (stream: NodeStream, peer: Socket, both: Connected) => Promise<void>) => {
    declare(title, async () => {
      using both = await Connected.open(m);
      const stream = toNodeStream(both.client);
      const closed = closing(stream);
      try {
        await fn(stream, both.peer, both);
      } finally {
        stream.destroy();
        await closed;
      }
    });
  };

  test("data flows in both directions, and both are counted", async (stream, peer) => {
    assert.equal(stream.write("hello "), true);
    assert.equal(stream.bytesWritten, 6);
    stream.write("世界");
    assert.equal(text(await receive(peer, 12)), "hello 世界");
    await peer.sendall("answer");
    const [chunk] = await settled(once(stream, "data"));
    assert.ok(chunk instanceof Uint8Array);
    assert.equal(text(chunk), "answer");
    assert.deepEqual([stream.bytesRead, stream.bytesWritten], [6, 12]);
  });

  test(
    "an error that a listener or callback throws is an uncaught exception, and the stream goes on",
    async (stream, peer) => {
      const uncaught = () => settled(once(process, "uncaughtException"));
      let caught = uncaught();
      stream.once("data", () => {
        throw new Error("from data");
      });
      await peer.sendall("one");
      let [error, origin] = await caught;
      assert.deepEqual([error.message, origin], ["from data", "uncaughtException"]);
      const heard = once(stream, "data");
      await peer.sendall("two");
      assert.equal(text((await settled(heard))[0]), "two");
      caught = uncaught();
      stream.write("three", () => {
        throw new Error("from write");
      });
      [error, origin] = await caught;
      assert.deepEqual([error.message, origin], ["from write", "uncaughtException"]);
      assert.equal(text(await receive(peer, 5)), "three");
    },
  );

  test("the end of the peer's stream ends it: end, finish, close without an error", async (stream, peer) => {
    const log: unknown[] = [];
    for (const event of ["end", "finish", "close"]) stream.on(event, (...args) => log.push(event, ...args));
    const closed = closing(stream);
    stream.resume();
    await peer.shutdown(m.SHUT_WR);
    assert.equal(await closed, false);
    assert.deepEqual(log, ["end", "finish", "close", false]);
    assert.equal((await peer.recv(1)).length, 0);
    assert.equal(stream.readyState, "closed");
  });

  test(
    "the end of the peer's stream ends a stream that nothing reads, unless it has unread data",
    async (stream, peer, both) => {
      const closed = closing(stream);
      await peer.shutdown(m.SHUT_WR);
      assert.equal(await closed, false);
      using client = m.socket();
      const accepted = both.server.accept();
      await client.connect(both.address);
      const [other] = await accepted;
      const unread = toNodeStream(client);
      await other.sendall("unread");
      await other.shutdown(m.SHUT_WR);
      const ended = closing(unread);
      await staysPending(ended);
      assert.equal(text(unread.read()), "unread");
      assert.equal(await ended, false);
      other.close();
    },
  );

  test("writes after the end of the peer's stream fail with EPIPE", async (stream, peer) => {
    const closed = closing(stream);
    stream.resume();
    await peer.shutdown(m.SHUT_WR);
    await closed;
    const error = await new Promise<any>((resolve) => assert.equal(stream.write("x", resolve), false));
    assert.equal(error.code, "EPIPE");
    assert.ok(error instanceof m.BrokenPipeError);
  });

  test("destroy ends the writes with ERR_STREAM_DESTROYED, or with its error", async (stream, _, both) => {
    using client = m.socket();
    const accepted = both.server.accept();
    await client.connect(both.address);
    const [peer] = await accepted;
    const other = toNodeStream(client);
    other.on("error", () => {});
    for (const [one, error] of [[stream, undefined], [other, new Error("no more")]] as const) {
      const size = 64 << 20;
      const write = (data: Uint8Array | string) =>
        new Promise<any>((resolve) => one.write(data, (failure) => resolve(failure)));
      const writes = Promise.all([write(new Uint8Array(size)), write("y")]);
      await staysPending(writes);
      assert.equal(one.bytesWritten, size + 1);
      const closed = closing(one);
      one.destroy(error);
      for (const failure of await settled(writes)) {
        if (error !== undefined) assert.equal(failure, error);
        else assert.equal(failure.code, "ERR_STREAM_DESTROYED");
      }
      assert.equal(one.bytesWritten, size);
      assert.equal(await closed, error !== undefined);
    }
    peer.close();
  });

  test("allowHalfOpen: after the end of the peer's stream it still writes", async (_, __, both) => {
    using client = m.socket();
    const accepted = both.server.accept();
    await client.connect(both.address);
    const [peer] = await accepted;
    const stream = toNodeStream(client, { allowHalfOpen: true });
    stream.resume();
    await peer.shutdown(m.SHUT_WR);
    await settled(once(stream, "end"));
    assert.equal(stream.readyState, "writeOnly");
    const closed = closing(stream);
    stream.end("last words");
    assert.equal(await closed, false);
    assert.equal(text(await receive(peer, 100)), "last words");
    peer.close();
  });

  test("end half-closes: the peer's answer still arrives", async (stream, peer) => {
    stream.end("question");
    assert.equal(text(await receive(peer, 100)), "question");
    assert.equal(stream.readyState, "readOnly");
    await peer.sendall("answer");
    await peer.shutdown(m.SHUT_WR);
    const chunks = await settled((stream as Readable).toArray());
    assert.equal(chunks.map(text).join(""), "answer");
  });

  test("a paused stream stops the peer, so buffered data is bounded", async (stream, peer) => {
    stream.pause();
    peer.settimeout(0.1);
    const flooding = failure(() => peer.sendall(new Uint8Array(64 << 20)));
    assert.ok(await settled(flooding) instanceof m.TimeoutError);
    // One receive may exceed the high-water mark.
    assert.ok(stream.readableLength <= stream.readableHighWaterMark + 65536, `${stream.readableLength} bytes`);
    assert.equal(stream.bytesRead, stream.readableLength);
  });

  test("a peer that does not read stops the writer, and drain follows when it reads", async (stream, peer) => {
    let written = 0;
    while (stream.write(new Uint8Array(1 << 20)) && written < 64) written++;
    // write() returns false for a chunk of this size, and the second chunk waits for the first.
    const drained = once(stream, "drain");
    for (let i = 0; i < 16; i++) stream.write(new Uint8Array(1 << 20));
    await staysPending(drained);
    assert.equal(stream.writableNeedDrain, true);
    const total = stream.bytesWritten;
    assert.equal((await receive(peer, total)).length, total);
    await settled(drained);
    assert.equal(stream.bytesWritten, total);
    assert.equal(stream.writableLength, 0);
  });

  test("a reset destroys it with the error's code and errno", async () => {
    using listener = resetting.create_server(["127.0.0.1", 0]);
    const stream = toNodeStream(await m.create_connection(listener.getsockname()));
    const [peer] = await listener.accept();
    const failed = once(stream, "error"), closed = closing(stream);
    peer.setsockopt(m.SOL_SOCKET, m.SO_LINGER, Int32Array.of(1, 0));
    peer.close();
    const [error] = await settled(failed);
    assert.ok(error instanceof m.ConnectionResetError);
    assert.equal(error.code, "ECONNRESET");
    assert.ok(error.errno! > 0);
    assert.equal(await closed, true);
  });

  test("writing after the peer has closed is an error of write and of the stream", async (stream, peer) => {
    stream.pause();
    stream.write("unread");
    await settled(m.select([peer], [], []));
    const failed = once(stream, "error");
    peer.close();
    const results: unknown[] = [];
    while (!stream.destroyed) {
      await new Promise<void>((resolve) =>
        stream.write("x", (error) => {
          results.push(error);
          resolve();
        })
      );
    }
    const [error] = await settled(failed);
    assert.match(error.code, /^(EPIPE|ECONNRESET)$/);
    assert.ok(results.at(-1) instanceof Error);
  });

  test("destroy closes the socket at once, also while calls are pending", async (stream, peer, { client }) => {
    stream.resume();
    const closed = closing(stream);
    stream.destroy();
    assert.equal(client.fileno(), -1);
    assert.equal(await closed, false);
    assert.equal((await peer.recv(1).catch(() => [])).length, 0);
    assert.deepEqual([stream.pending, stream.readyState, stream.address()], [true, "closed", {}]);
    // The other methods may still be called.
    stream.setTimeout(10).setNoDelay().setKeepAlive(true).ref().unref();
    stream.destroySoon();
  });

  test("destroy with an error emits it, and close reports an error", async (stream) => {
    const failed = once(stream, "error"), closed = closing(stream);
    stream.destroy(new Error("no more"));
    const order: string[] = [];
    stream.on("error", () => order.push("error")).on("close", () => order.push("close"));
    const [[error], hadError] = await Promise.all([failed, closed]);
    assert.equal(error.message, "no more");
    assert.equal(hadError, true);
    assert.deepEqual(order, ["error", "close"]);
  });

  test("destroySoon sends the written data first", async (stream, peer) => {
    const closed = closing(stream);
    stream.write(new Uint8Array(1 << 20));
    stream.destroySoon();
    assert.equal((await receive(peer, 1 << 21)).length, 1 << 20);
    assert.equal(await closed, false);
  });

  test("connect emits connect and ready, without connecting again", async (stream, _, { server }) => {
    const log: string[] = [];
    stream.on("ready", () => log.push("ready"));
    assert.equal(stream.connect({ port: 1 }, () => log.push("callback")), stream);
    await settled(once(stream, "ready"));
    assert.deepEqual(log, ["callback", "ready"]);
    assert.deepEqual(await m.select([server], [], [], 0), [[], [], []]);
  });

  test("it has both addresses, also after it is destroyed", async (stream, peer) => {
    const [local, remote] = [peer.getpeername(), peer.getsockname()] as [string, number][];
    const tell = () => [stream.localAddress, stream.localPort, stream.remoteAddress, stream.remotePort];
    assert.deepEqual(tell(), [...local, ...remote]);
    assert.deepEqual(stream.address(), { address: local[0], port: local[1], family: "IPv4" });
    assert.deepEqual([stream.localFamily, stream.remoteFamily], ["IPv4", "IPv4"]);
    assert.deepEqual([stream.connecting, stream.pending, stream.readyState], [false, false, "open"]);
    stream.destroy();
    assert.deepEqual(tell(), [...local, ...remote]);
    await Promise.resolve();
  });

  test("setNoDelay and setKeepAlive set the socket's options", async (stream, _, { client }) => {
    const options = () => [
      client.getsockopt(m.IPPROTO_TCP, m.TCP_NODELAY) !== 0,
      client.getsockopt(m.SOL_SOCKET, m.SO_KEEPALIVE) !== 0,
    ];
    stream.setNoDelay().setKeepAlive(true, 60_000);
    assert.deepEqual(options(), [true, true]);
    if (name !== "deno") assert.equal(client.getsockopt(m.IPPROTO_TCP, m.TCP_KEEPIDLE), 60);
    stream.setNoDelay(false).setKeepAlive(false);
    assert.deepEqual(options(), [false, false]);
    await Promise.resolve();
  });

  test("setTimeout emits timeout when the stream is idle, and traffic postpones it", async (stream, peer) => {
    stream.resume();
    // On a slow machine the traffic may come after the timeout. Then the test repeats with a longer timeout.
    for (let idle = 50;; idle *= 2) {
      let calls = 0, last = 0;
      const begun = performance.now();
      const fired = settled(
        new Promise<void>((resolve) => {
          stream.setTimeout(idle, () => {
            calls++;
            resolve();
          });
        }),
      );
      assert.equal(stream.timeout, idle);
      await new Promise((resolve) => setTimeout(resolve, idle / 2));
      const heard = once(stream, "data");
      await peer.sendall("x");
      await settled(heard);
      last = performance.now();
      if (calls > 0 && idle < 5000) continue;
      await fired;
      assert.ok(performance.now() - last >= idle - 5, `${performance.now() - last} ms after the last byte`);
      assert.ok(performance.now() - begun >= idle * 1.5 - 10);
      assert.equal(calls, 1);
      assert.equal(stream.destroyed, false);
      break;
    }
    // A timeout of 0 removes the timer and the callback.
    const unwanted = () => assert.fail("timeout");
    stream.setTimeout(1, unwanted).setTimeout(0, unwanted);
    assert.equal(stream.listenerCount("timeout"), 0);
    await staysPending(once(stream, "timeout"));
    for (const wrong of [-1, NaN, Infinity]) {
      assert.throws(() => stream.setTimeout(wrong), { name: "RangeError", code: "ERR_OUT_OF_RANGE" });
    }
    assert.throws(() => stream.setTimeout("1" as unknown as number), {
      name: "TypeError",
      code: "ERR_INVALID_ARG_TYPE",
    });
  });

  test("setTimeout emits timeout after each idle period", async (stream, peer) => {
    stream.resume();
    const timedOut = () => settled(once(stream, "timeout"));
    stream.setTimeout(20);
    await timedOut();
    let again = timedOut();
    await peer.sendall("x");
    await again;
    again = timedOut();
    stream.write("y");
    await again;
    // A limit below one millisecond counts as one. The event does not come within the call.
    stream.setTimeout(Number.MIN_VALUE);
    await timedOut();
  });

  test("setTimeout emits no timeout during one large write that makes progress", async (stream, peer) => {
    const size = 32 << 20;
    // On a slow machine the peer may pause for too long. Then the test repeats with a longer timeout.
    for (let idle = 100;; idle *= 2) {
      let calls = 0, longest = 0, last = performance.now();
      stream.setTimeout(idle, () => calls++);
      const written = new Promise((resolve) => stream.write(new Uint8Array(size), resolve));
      for (let count = 0; count < size; last = performance.now()) {
        count += (await receive(peer, Math.min(1 << 20, size - count))).length;
        await new Promise((resolve) => setTimeout(resolve, idle / 16));
        longest = Math.max(longest, performance.now() - last);
      }
      await settled(written);
      stream.setTimeout(0);
      stream.removeAllListeners("timeout");
      if (calls > 0 && longest > idle / 8 && idle < 5000) continue;
      assert.equal(calls, 0);
      break;
    }
  });

  test("setTimeout takes a timeout above 2^31 - 1 ms with a warning, as Node does", async (stream) => {
    const warned = once(process, "warning");
    stream.setTimeout(2 ** 31, () => assert.fail("timeout"));
    assert.equal(stream.timeout, 2 ** 31);
    assert.equal((await settled(warned))[0].name, "TimeoutOverflowWarning");
    await staysPending(once(stream, "timeout"));
  });

  test("resetAndDestroy resets if the backend has SO_LINGER", async (stream, peer) => {
    if (name === "deno") {
      assert.throws(() => stream.resetAndDestroy(), { code: "ENOPROTOOPT" });
      assert.equal(stream.destroyed, false);
      return;
    }
    stream.resetAndDestroy();
    assert.equal((await failure(() => peer.recv(1))).code, "ECONNRESET");
  });

  for (const [call, code] of [["unref()", 0], ["unref().ref()", 7]] as const) {
    declare(`after ${call} the stream ${code === 0 ? "lets the process end" : "keeps it"}`, async () => {
      await using program = await runDeno(`
        import * as m from ${JSON.stringify(url)};
        import { toNodeStream } from ${JSON.stringify(import.meta.resolve("../../node.ts"))};
        const server = m.create_server(["127.0.0.1", 0]);
        const stream = toNodeStream(await m.create_connection(server.getsockname()));
        stream.resume();
        stream.${call};
        // The timer fires only if something else keeps the process alive.
        Deno.unrefTimer(setTimeout(() => Deno.exit(7), 300));
      `);
      assert.equal((await program.end()).code, code);
    });
  }

  declare("takes connected stream sockets alone", async () => {
    using unconnected = m.socket();
    assert.throws(() => toNodeStream(unconnected), { code: "ENOTCONN" });
    using datagrams = m.socket(m.AF_INET, m.SOCK_DGRAM);
    assert.throws(() => toNodeStream(datagrams), TypeError);
    assert.throws(() => toNodeStream({} as Socket), TypeError);
    assert.throws(() => toNodeStream(unconnected, { halfOpen: true } as any), /unknown option 'halfOpen'/);
    const shut = m.socket();
    shut.close();
    assert.throws(() => toNodeStream(shut), { code: "EBADF" });
    // The timeout of the socket is not a timeout of the stream.
    const [a, b] = await m.socketpair();
    a.settimeout(0.01);
    const stream = toNodeStream(a);
    assert.deepEqual([stream.remoteAddress, stream.remotePort, stream.address()], [undefined, undefined, {}]);
    const heard = once(stream, "data");
    await staysPending(heard);
    await b.sendall("late");
    assert.equal(text((await settled(heard))[0]), "late");
    stream.destroy();
    b.close();
  });

  if (Deno.build.os === "linux") {
    declare("a server that hands 10,000 connections over keeps no descriptor", async () => {
      const server = http.createServer((_, response) => response.end("ok"));
      using listener = m.create_server(["127.0.0.1", 0], { backlog: 512 });
      const address = listener.getsockname();
      const serving = (async () => {
        for await (const [conn] of listener) server.emit("connection", toNodeStream(conn));
      })();
      const ask = async () => {
        using sock = await m.create_connection(address);
        await sock.sendall("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert.match(text(await receive(sock, 4096)), /^HTTP\/1.1 200 OK\r\n[^]*ok/);
      };
      const askMany = async (count: number) => {
        await Promise.all(Array.from({ length: 50 }, async () => {
          for (let i = 0; i < count / 50; i++) await ask();
        }));
      };
      await askMany(500);
      const before = descriptors();
      await askMany(9500);
      assert.ok(descriptors() <= before + 10, `${before} descriptors, then ${descriptors()}`);
      listener.close();
      await serving;
    });
  }
}
