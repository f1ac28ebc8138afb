// The web streams of a socket, and sendfile.

import assert from "node:assert/strict";
import { TemporaryDirectory } from "../_helpers.ts";
import type { Socket } from "../../mod.ts";
import { Connected, failure, receive, settled, staysPending, text } from "./fixtures.ts";
import type { Subject } from "./fixtures.ts";

export function webStreamSuite({ name, module: m }: Subject): void {
  const test = (title: string, run: (all: Connected) => Promise<void>) =>
    Deno.test(`${name}: ${title}`, async () => {
      using all = await Connected.open(m);
      await run(all);
    });

  test("readable: a Response reads it to the end of the stream", async ({ client, peer }) => {
    const body = new Response(peer.readable).text();
    await client.sendall("hello ");
    await client.sendall("world");
    await client.shutdown(m.SHUT_WR);
    assert.equal(await body, "hello world");
    await peer.sendall("and back");
    assert.equal(text(await receive(client, 8)), "and back");
  });

  test("writable: close is half-close, after all was sent", async ({ client, peer }) => {
    const writer = client.writable.getWriter();
    await writer.write("text and ");
    await writer.write(Uint8Array.of(98, 121, 116, 101, 115));
    await writer.close();
    assert.equal(text(await receive(peer, 100)), "text and bytes");
    await peer.sendall("still heard");
    assert.equal(text(await client.recv(100)), "still heard");
  });

  test("pipeTo and pipeThrough: gzip through an echo", async ({ client, peer }) => {
    const echo = peer.readable.pipeTo(peer.writable);
    const data = Uint8Array.from({ length: 500_000 }, (_, i) => (i * i) >> 5);
    const sent = new Blob([data]).stream().pipeThrough(new CompressionStream("gzip")).pipeTo(client.writable);
    const back = new Response(client.readable.pipeThrough(new DecompressionStream("gzip"))).bytes();
    assert.deepEqual(await back, data);
    await Promise.all([echo, sent]);
  });

  test("readable and writable always return the same object", ({ client }) => {
    assert.equal(client.readable, client.readable);
    assert.equal(client.writable, client.writable);
    return Promise.resolve();
  });

  test("readable: no data is received before a read, and recv may be used between reads", async ({ client, peer }) => {
    await client.sendall("abcdef");
    const reader = peer.readable.getReader();
    assert.equal(text(await receive(peer, 3)), "abc");
    assert.equal(text((await reader.read()).value!), "def");
    await client.sendall("ghi");
    assert.equal(text(await receive(peer, 3)), "ghi");
    await reader.cancel();
  });

  test("readable: a BYOB reader supplies its own buffer", async ({ client, peer }) => {
    const reader = peer.readable.getReader({ mode: "byob" });
    await client.sendall("abcdef");
    const first = await reader.read(new Uint8Array(4));
    assert.equal(text(first.value!), "abcd");
    const second = await reader.read(new Uint8Array(first.value!.buffer));
    assert.equal(text(second.value!), "ef");
    client.close();
    const last = await reader.read(new Uint8Array(4));
    assert.deepEqual([last.done, last.value!.length], [true, 0]);
  });

  test("readable: cancelling receives no data", async ({ client, peer }) => {
    const reader = peer.readable.getReader();
    const read = reader.read();
    await staysPending(read);
    await reader.cancel(new Error("no more"));
    assert.equal((await read).done, true);
    await client.sendall("for recv");
    assert.equal(text(await receive(peer, 8)), "for recv");
    await peer.sendall("and back");
    assert.equal(text(await receive(client, 8)), "and back");
  });

  for (const mode of [undefined, "byob"] as const) {
    /** Begins a read, with a buffer of its own in the mode "byob". */
    const begin = (peer: Socket): [reader: { cancel(): Promise<void> }, read: Promise<{ value?: Uint8Array }>] => {
      if (mode === undefined) {
        const reader = peer.readable.getReader();
        return [reader, reader.read()];
      }
      const reader = peer.readable.getReader({ mode });
      return [reader, reader.read(new Uint8Array(100))];
    };
    /** Asserts that the read and the receives after it get everything, once. */
    const assertWhole = async ({ client, peer }: Connected, read: Promise<{ value?: Uint8Array }>) => {
      const { value = new Uint8Array(0) } = await settled(read);
      await client.sendall("world");
      assert.equal(text(value) + text(await settled(receive(peer, 10 - value.length))), "helloworld");
    };
    const kind = mode ?? "default";

    test(`readable: data that wakes the code that cancels the reader is not lost, ${kind}`, async (all) => {
      // Both receives are woken in the same run.
      const arrived = all.peer.recv(1, m.MSG_PEEK);
      const [reader, read] = begin(all.peer);
      await staysPending(read);
      const cancelled = arrived.then(() => reader.cancel());
      await all.client.sendall("hello");
      await settled(cancelled);
      await assertWhole(all, read);
    });

    test(`readable: data that arrived before the reader is cancelled is not lost, ${kind}`, async (all) => {
      const [reader, read] = begin(all.peer);
      await staysPending(read);
      await all.client.sendall("hello");
      await reader.cancel();
      await assertWhole(all, read);
    });
  }

  test("readable: data that arrives after a waiting reader was released is for recv", async ({ client, peer }) => {
    const reader = peer.readable.getReader();
    const read = failure(() => reader.read());
    await staysPending(read);
    reader.releaseLock();
    assert.ok(await read instanceof TypeError);
    await client.sendall("hello");
    assert.equal(text(await settled(receive(peer, 5))), "hello");
    const next = peer.readable.getReader().read();
    await client.sendall("again");
    assert.equal(text((await settled(next)).value!), "again");
  });

  test("readable: a sink that it is piped to may close the socket", async ({ client, peer }) => {
    const piped = failure(() => peer.readable.pipeTo(new WritableStream({ write: () => peer.close() })));
    await staysPending(piped);
    const queued = failure(() => peer.recv(10));
    await client.sendall("hello");
    assert.equal((await settled(piped)).code, "EBADF");
    assert.equal((await settled(queued)).code, "EBADF");
  });

  test("readable: piping that is aborted loses nothing", async ({ client, peer }) => {
    const pieces: string[] = [];
    const stop = new AbortController();
    const sink = new WritableStream<Uint8Array>({
      write(piece) {
        pieces.push(text(piece));
        stop.abort(new Error("enough"));
      },
    });
    const piped = failure(() => peer.readable.pipeTo(sink, { signal: stop.signal }));
    await client.sendall("hello");
    assert.equal((await settled(piped)).message, "enough");
    await client.sendall("world");
    const got = pieces.join("");
    assert.equal(got + text(await settled(receive(peer, 10 - got.length))), "helloworld");
  });

  test("readable: leaving a loop ends the stream, not the socket", async ({ client, peer }) => {
    await client.sendall("first");
    for await (const chunk of peer.readable) {
      assert.equal(text(chunk), "first");
      break;
    }
    await client.sendall("second");
    assert.equal(text(await receive(peer, 6)), "second");
  });

  test("readable: a timeout breaks the stream, not the socket", async ({ client, peer }) => {
    peer.settimeout(0.01);
    await assert.rejects(new Response(peer.readable).text(), m.TimeoutError);
    await client.sendall("later");
    peer.settimeout(null);
    assert.equal(text(await receive(peer, 5)), "later");
  });

  Deno.test(`${name}: readable: an empty datagram does not end it`, async () => {
    using receiver = m.socket(m.AF_INET, m.SOCK_DGRAM), sender = m.socket(m.AF_INET, m.SOCK_DGRAM);
    receiver.bind(["127.0.0.1", 0]);
    for (const message of ["one", "", "", "two", ""]) await sender.sendto(message, receiver.getsockname());
    const reader = receiver.readable.getReader();
    assert.equal(text((await reader.read()).value!), "one");
    assert.equal(text((await reader.read()).value!), "two");
    reader.releaseLock();
    // A reader with its own buffer has its request pending when the empty datagram arrives.
    const own = receiver.readable.getReader({ mode: "byob" });
    const read = own.read(new Uint8Array(10));
    await sender.sendto("", receiver.getsockname());
    await sender.sendto("three", receiver.getsockname());
    assert.equal(text((await read).value!), "three");
    // A socket that was shut down is at its end.
    await receiver.connect(sender.getsockname()).catch(() => {});
    await receiver.shutdown(m.SHUT_RD);
    assert.equal((await own.read(new Uint8Array(10))).done, true);
  });

  test("readable: closing the socket breaks it with EBADF", async ({ peer }) => {
    const read = peer.readable.getReader().read();
    const failed = failure(() => read);
    peer.close();
    assert.equal((await failed).code, "EBADF");
  });

  test("writable: backpressure holds the writer until the peer reads", async ({ client, peer }) => {
    const chunk = new Uint8Array(1 << 20);
    const writer = client.writable.getWriter();
    let written = 0;
    const writing = (async () => {
      for (; written < 32; written++) {
        await writer.ready;
        await writer.write(chunk);
      }
      await writer.close();
    })();
    await staysPending(writing);
    assert.ok(written < 32);
    let received = 0;
    for await (const piece of peer) received += piece.length;
    await writing;
    assert.equal(received, 32 * chunk.length);
  });

  test("writable: a timeout breaks it", async ({ client }) => {
    client.settimeout(0.01);
    const writer = client.writable.getWriter();
    const broken = failure(() => writer.closed);
    assert.ok(await failure(() => writer.write(new Uint8Array(1 << 25))) instanceof m.TimeoutError);
    assert.ok(await broken instanceof m.TimeoutError);
  });

  test("writable: abort ends a pending write and breaks the connection off", async ({ client, peer }) => {
    const writer = client.writable.getWriter();
    const closed = failure(() => writer.closed);
    const write = failure(() => writer.write(new Uint8Array(1 << 25)));
    await staysPending(write);
    await writer.abort(new Error("given up"));
    assert.match((await write).message, /given up/);
    assert.match((await closed).message, /given up/);
    let received = 0;
    for await (const piece of peer) received += piece.length;
    assert.ok(received < 1 << 25);
    assert.equal((await client.recv(10)).length, 0);
  });

  test("writable: a chunk that is no data is a TypeError", async ({ client }) => {
    const writer = client.writable.getWriter();
    const closed = failure(() => writer.closed);
    await assert.rejects(writer.write(5 as any), TypeError);
    assert.ok(await closed instanceof TypeError);
  });

  const withFile = (title: string, run: (all: Connected, file: Deno.FsFile, data: Uint8Array) => Promise<void>) =>
    test(`sendfile: ${title}`, async (all) => {
      using directory = new TemporaryDirectory();
      const path = directory.fresh();
      const data = Uint8Array.from({ length: 700_001 }, (_, i) => (i * 31) >> 3);
      await Deno.writeFile(path, data);
      using file = await Deno.open(path);
      await run(all, file, data);
    });
  const position = (file: Deno.FsFile) => file.seek(0, Deno.SeekMode.Current);

  withFile("sends all, from an offset, and a count", async ({ client, peer }, file, data) => {
    for (
      const [offset, count, expected] of [
        [undefined, undefined, data],
        [0, null, data],
        [700_000, null, data.subarray(700_000)],
        [1000, 300_000, data.subarray(1000, 301_000)],
        [5, 10, data.subarray(5, 15)],
        [699_999, 10, data.subarray(699_999)],
      ] as const
    ) {
      const received = receive(peer, expected.length);
      assert.equal(await client.sendfile(file, offset, count), expected.length);
      assert.deepEqual(await received, expected);
      assert.equal(await position(file), (offset ?? 0) + expected.length);
    }
  });

  withFile("sends nothing from beyond the end and leaves the position", async ({ client }, file) => {
    await file.seek(42, Deno.SeekMode.Start);
    assert.equal(await client.sendfile(file, 1_000_000), 0);
    assert.equal(await position(file), 42);
  });

  test("sendfile: after a timeout the position of the file is after the sent data", async ({ client, peer }) => {
    // Much more than any buffer holds.
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    await Deno.writeFile(path, new Uint8Array(1 << 25));
    using large = await Deno.open(path);
    client.settimeout(0.05);
    await assert.rejects(client.sendfile(large, 10), m.TimeoutError);
    const sent = await position(large) - 10;
    assert.ok(sent > 0 && sent < 1 << 25);
    const received = receive(peer, sent + 1);
    client.close();
    assert.equal((await received).length, sent);
  });

  test("sendfile: a read of 0 bytes is the end of the file", async ({ client, peer }) => {
    const lengths = [5, 0];
    const read = () => Promise.resolve(lengths.shift() ?? assert.fail("it reads on"));
    assert.equal(await client.sendfile({ read, seek: () => Promise.resolve(0) }), 5);
    assert.equal((await receive(peer, 5)).length, 5);
  });

  withFile("stops at an abort", async ({ client }, file) => {
    const signal = AbortSignal.abort(new Error("not now"));
    await assert.rejects(client.sendfile(file, 0, null, { signal }), /not now/);
    assert.equal(await position(file), 0);
  });

  withFile("refuses what CPython refuses, and leaves the position", async ({ client }, file) => {
    const refused = async (
      call: () => Promise<number>,
      error: typeof RangeError | typeof TypeError,
      message: string,
    ) => {
      const thrown = await failure(call);
      assert.ok(thrown instanceof error);
      assert.equal(thrown.message, message);
      assert.equal(await position(file), 0);
    };
    await refused(() => client.sendfile(file, 0, 0), RangeError, "count must be a positive integer (got 0)");
    await refused(() => client.sendfile(file, 0, -1), RangeError, "count must be a positive integer (got -1)");
    await refused(() => client.sendfile(file, 0, 1.5), TypeError, "count must be a positive integer (got 1.5)");
    await refused(() => client.sendfile(file, 0, "x" as any), TypeError, "count must be a positive integer (got 'x')");
    await refused(() => client.sendfile(file, -1), RangeError, "negative seek value -1");
    await refused(() => client.sendfile(file, "x" as any), TypeError, "offset must be an integer, not string");
    client.setblocking(false);
    await refused(() => client.sendfile(file), RangeError, "non-blocking sockets are not supported");
    using datagrams = m.socket(m.AF_INET, m.SOCK_DGRAM);
    await refused(() => datagrams.sendfile(file), RangeError, "only SOCK_STREAM type sockets are supported");
  });
}
