// makefile over real sockets: waiting, timeouts, closing, and refused calls.

import assert from "node:assert/strict";
import { Connected, failure, receive, staysPending, text } from "./fixtures.ts";
import type { Subject } from "./fixtures.ts";

export function fileSuite({ name, module: m }: Subject): void {
  const test = (title: string, run: (all: Connected) => Promise<void>) =>
    Deno.test(`${name}: makefile: ${title}`, async () => {
      using all = await Connected.open(m);
      await run(all);
    });

  test("a UTF-8 character split over packets is read whole", async ({ client, peer }) => {
    const file = peer.makefile("r");
    const line = file.readline();
    for (const byte of new TextEncoder().encode("é€😀\n")) {
      await client.send(Uint8Array.of(byte));
      await receiveTurn();
    }
    assert.equal(await line, "é€😀\n");
    await file.close();
  });

  test("a timeout does not lose a partial line of text, of bytes or of an unbuffered file", async ({ client, peer }) => {
    peer.settimeout(0.01);
    for (const file of [peer.makefile("r"), peer.makefile("rb"), peer.makefile("rb", { buffering: 0 })]) {
      await client.sendall("par");
      const error = await failure(() => file.readline());
      assert.ok(error instanceof m.TimeoutError);
      assert.equal(error.message, "timed out");
      await client.sendall("tial\nnext\n");
      peer.settimeout(null);
      assert.equal(asText(await file.readline()), "partial\n");
      assert.equal(asText(await file.readline()), "next\n");
      peer.settimeout(0.01);
      await file.close();
    }
  });

  test("a timeout does not lose data of read and readlines", async ({ client, peer }) => {
    const file = peer.makefile("r");
    const bytes = peer.makefile("rb");
    for (const reader of [file, bytes]) {
      peer.settimeout(0.01);
      await client.sendall("one\ntwo\nthr");
      await assert.rejects(reader.readlines(), m.TimeoutError);
      await assert.rejects(reader.read(100), m.TimeoutError);
      peer.settimeout(null);
      await client.sendall("ee\n");
      const lines = [await reader.readline(), await reader.readline(), await reader.readline()];
      assert.deepEqual(lines.map(asText), ["one\n", "two\n", "three\n"]);
    }
    await file.close();
    await bytes.close();
  });

  test("an abort does not lose a partial line, and the next call returns it", async ({ client, peer }) => {
    const file = peer.makefile("r");
    await client.sendall("par");
    const controller = new AbortController();
    const line = file.readline(null, { signal: controller.signal });
    const queued = file.readline(null, { signal: controller.signal });
    await staysPending(line);
    controller.abort(new Error("enough"));
    await Promise.all([line, queued].map((call) => assert.rejects(call, /enough/)));
    await client.sendall("tial\n");
    assert.equal(await file.readline(), "partial\n");
    await file.close();
  });

  test("concurrent reads are served in their order", async ({ client, peer }) => {
    const file = peer.makefile("r");
    const reads = [file.readline(), file.read(3), file.readline(), file.readline()];
    await client.sendall("one\ntwo\n");
    client.close();
    assert.deepEqual(await Promise.all(reads), ["one\n", "two", "\n", ""]);
    await file.close();
  });

  test("a read of a non-blocking file returns null if it would wait, and later the data", async ({ client, peer }) => {
    peer.setblocking(false);
    const files = [peer.makefile("r"), peer.makefile("rb"), peer.makefile("rb", { buffering: 0 })];
    for (const file of files) {
      assert.equal(await file.read(), null);
      assert.equal(await file.read(3), null);
      assert.equal(await file.readline(), null);
      assert.equal(await file.readlines(), null);
      if ("readinto" in file) assert.equal(await file.readinto(new Uint8Array(3)), null);
      if ("read1" in file) assert.equal(await file.read1(), null);
      for await (const line of file) assert.fail(`${line}`);
      await client.sendall("é\n");
      peer.setblocking(true);
      const line = await file.readline();
      peer.setblocking(false);
      assert.equal(asText(line), "é\n");
    }
    // The first byte of a two-byte character is kept until the second arrives.
    await client.sendall(Uint8Array.of(0xc3));
    const [file] = files;
    assert.equal(await file.readline(), null);
    await client.sendall(Uint8Array.of(0xa9, 0x0a));
    peer.setblocking(true);
    assert.equal(await file.readline(), "é\n");
    client.close();
    assert.equal(await file.readline(), "");
    for (const one of files) await one.close();
  });

  test("iteration by line ends with the stream and closes nothing", async ({ client, peer }) => {
    const file = peer.makefile();
    await client.sendall("one\r\ntwo\rthree");
    await client.shutdown(m.SHUT_WR);
    const lines = [];
    for await (const line of file) lines.push(line);
    assert.deepEqual(lines, ["one\n", "two\n", "three"]);
    assert.deepEqual(file.newlines, ["\r", "\r\n"]);
    await peer.sendall("still open");
    assert.equal(text(await receive(client, 10)), "still open");
    await file.close();
  });

  test("close sends the written data, and await using closes", async ({ client, peer }) => {
    {
      await using file = client.makefile("w", { newline: "\r\n" });
      assert.equal(await file.write("héllo\n"), 6);
      await file.writelines(["a\n", "b"]);
      const early = peer.recv(100);
      await staysPending(early);
      await file.flush();
      assert.equal(text(await early), "héllo\r\na\r\nb");
      await file.write("last");
    }
    assert.equal(text(await receive(peer, 4)), "last");
    const file = client.makefile("wb");
    void file.write("not ");
    void file.write("awaited");
    await file.close();
    assert.equal(text(await receive(peer, 11)), "not awaited");
  });

  test("using sends the written data", async ({ client, peer }) => {
    {
      using file = client.makefile("w");
      void file.write("bye");
      client.close();
    }
    assert.equal(text(await receive(peer, 4)), "bye");
  });

  test("buffering: 1 sends each line, n a full buffer, and 0 each write at once", async ({ client, peer }) => {
    const lines = client.makefile("w", { buffering: 1 });
    await lines.write("a line\n");
    assert.equal(text(await receive(peer, 7)), "a line\n");
    await lines.close();
    const buffered = client.makefile("wb", { buffering: 4 });
    await buffered.write("1234");
    const early = peer.recv(100);
    await staysPending(early);
    await buffered.write("5");
    assert.equal(text(await early), "12345");
    await buffered.close();
    const raw = client.makefile("wb", { buffering: 0 });
    assert.equal(await raw.write("now"), 3);
    assert.equal(text(await receive(peer, 3)), "now");
    await raw.close();
  });

  test("a large write to a slow reader arrives complete", async ({ client, peer }) => {
    const data = Uint8Array.from({ length: 3_000_000 }, (_, i) => i * 7);
    const file = client.makefile("wb");
    const written = file.write(data).then(() => file.close()).then(() => client.close());
    const reader = peer.makefile("rb");
    assert.deepEqual(await reader.read(1_000_000), data.slice(0, 1_000_000));
    assert.deepEqual(await reader.read(), data.slice(1_000_000));
    await written;
    await reader.close();
  });

  test("after a timeout, writing continues where it stopped", async ({ client, peer }) => {
    const data = Uint8Array.from({ length: 12_000_000 }, (_, i) => i * 3);
    client.settimeout(0.01);
    const file = client.makefile("wb");
    await assert.rejects(file.write(data), m.TimeoutError);
    await assert.rejects(file.flush({ signal: AbortSignal.abort(new Error("no")) }), /no/);
    client.settimeout(null);
    const rest = file.flush().then(() => file.close()).then(() => client.close());
    const reader = peer.makefile("rb");
    const got = await reader.read();
    assert.equal(got!.length, data.length);
    assert.ok(got!.every((byte, i) => byte === data[i]));
    await rest;
    await reader.close();
  });

  test("a full non-blocking buffer accepts the data that fits and returns its length", async ({ client, peer }) => {
    client.setblocking(false);
    const file = client.makefile("wb");
    let taken = 0;
    const chunk = new Uint8Array(1_000_000);
    let error: any;
    while (error === undefined) await file.write(chunk).then((n) => taken += n, (e) => error = e);
    assert.ok(error instanceof m.BlockingIOError);
    assert.equal(error.strerror, "write could not complete without blocking");
    taken += (error as any).characters_written;
    const raw = client.makefile("wb", { buffering: 0 });
    while (await raw.write(chunk) !== null);
    await raw.close();
    client.setblocking(true);
    const closed = file.close().then(() => client.close());
    let received = 0;
    for await (const piece of peer) received += piece.length;
    assert.ok(received >= taken);
    await closed;
  });

  test("the socket stays open until it and its files are closed", async ({ client, peer }) => {
    const reader = client.makefile("r");
    const writer = client.makefile("w");
    const fd = client.fileno();
    client.close();
    assert.equal(client.fileno(), fd);
    assert.equal(reader.fileno(), fd);
    await peer.sendall("hello\n");
    assert.equal(await reader.readline(), "hello\n");
    await reader.close();
    await reader.close();
    await writer.write("bye\n");
    const end = peer.makefile("r");
    const line = end.readline();
    await staysPending(line);
    await writer.close();
    assert.equal(client.fileno(), -1);
    assert.equal(await line, "bye\n");
    assert.equal(await end.readline(), "");
    await end.close();
  });

  test("closing a file ends its pending read, and the socket goes on", async ({ client, peer }) => {
    const file = peer.makefile("r");
    const line = file.readline();
    const next = file.readline();
    const both = Promise.allSettled([line, next]);
    await file.close();
    for (const result of await both) {
      assert.ok(result.status === "rejected" && result.reason instanceof RangeError);
      assert.equal(result.reason.message, "I/O operation on closed file.");
    }
    await client.sendall("data");
    assert.equal(text(await peer.recv(10)), "data");
  });

  test("closing a file ends its queued reads, also if their data was read ahead", async ({ client, peer }) => {
    for (const mode of ["rb", "r"] as const) {
      const file = peer.makefile(mode);
      await client.sendall("abc");
      assert.equal((await file.read(1))!.length, 1);
      const reads = Promise.allSettled([file.readline(), file.read(1), file.read(1)]);
      await file.close();
      for (const result of await reads) {
        assert.equal(result.status === "rejected" && result.reason.message, "I/O operation on closed file.");
      }
    }
  });

  test("properties are as in Python", async ({ client }) => {
    const fd = client.fileno();
    const file = client.makefile("rw", { encoding: "latin-1", errors: "ignore" });
    assert.deepEqual(
      [file.mode, file.name, file.encoding, file.errors, file.newlines, file.closed],
      ["rw", fd, "latin-1", "ignore", null, false],
    );
    assert.deepEqual([file.readable(), file.writable(), file.seekable(), file.fileno()], [true, true, false, fd]);
    await file.close();
    assert.deepEqual([file.closed, file.name, file.mode], [true, -1, "rw"]);
    const defaults = client.makefile();
    assert.deepEqual([defaults.mode, defaults.encoding, defaults.errors], ["r", "UTF-8", "strict"]);
    assert.deepEqual([defaults.readable(), defaults.writable()], [true, false]);
    await defaults.close();
    for (const [mode, full] of [["b", "rb"], ["wb", "wb"], ["brw", "rwb"]] as const) {
      for (const buffering of [0, -1]) {
        const bytes = client.makefile(mode, { buffering });
        assert.deepEqual([bytes.mode, bytes.name, bytes.encoding], [full, fd, undefined]);
        await bytes.close();
      }
    }
  });

  test("calls that a file refuses", async ({ client }) => {
    const refused = (call: () => unknown, error: typeof RangeError | typeof TypeError, message: string) =>
      assert.throws(call, (thrown: Error) => thrown instanceof error && thrown.message === message);
    refused(() => client.makefile("x"), RangeError, "invalid mode 'x' (only r, w, b allowed)");
    refused(() => client.makefile("r+"), RangeError, "invalid mode 'r+' (only r, w, b allowed)");
    refused(() => client.makefile("r", { buffering: 0 }), RangeError, "unbuffered streams must be binary");
    refused(() => client.makefile("r", { newline: "x" }), RangeError, "illegal newline value: x");
    refused(() => client.makefile("r", { encoding: "nope" }), RangeError, "unknown encoding: nope");
    refused(() => client.makefile("r", { errors: "nope" }), RangeError, "unknown error handler name 'nope'");
    assert.throws(() => client.makefile(5 as any), TypeError);
    assert.throws(() => client.makefile("r", { buffering: "x" as any }), TypeError);
    assert.throws(() => client.makefile("r", { newline: 1 as any }), TypeError);
    assert.throws(() => client.makefile("r", { encoding: 1 as any }), TypeError);

    const text = client.makefile("rw");
    await assert.rejects(text.write(new Uint8Array(1) as any), TypeError);
    await assert.rejects(text.read("x" as any), TypeError);
    await assert.rejects(text.read(1.5), TypeError);
    await assert.rejects(text.write("\udc00"), {
      name: "RangeError",
      message: "'utf-8' codec can't encode character '\\udc00' in position 0: surrogates not allowed",
    });
    const reader = client.makefile("rb");
    const writer = client.makefile("w");
    await assert.rejects(reader.readline("x" as any), TypeError);
    await assert.rejects(reader.readinto("x" as any), TypeError);
    await assert.rejects(reader.read1([] as any), TypeError);
    await assert.rejects(reader.read(-2), /read length must be non-negative or -1/);
    await assert.rejects(reader.write("x"), { name: "UnsupportedOperation", message: "not writable" });
    await assert.rejects(writer.read(), { name: "UnsupportedOperation", message: "not readable" });
    await assert.rejects(writer.readline(), m.OSError);
    await assert.rejects(writer.readlines(), m.OSError);
    for (const file of [text, reader, writer]) {
      await file.close();
      await file.close();
      const closed = { name: "RangeError", message: "I/O operation on closed file." };
      await assert.rejects(file.read(), closed);
      await assert.rejects(file.readline(), closed);
      await assert.rejects(file.write("x"), closed);
      await assert.rejects(file.flush(), closed);
      await assert.rejects(file.writelines([]), closed);
      assert.throws(() => file.fileno(), closed);
      assert.throws(() => file.readable(), closed);
    }
    client.close();
    assert.equal(client.fileno(), -1, "no refused makefile holds the socket open");
  });

  test("invalid text is an error at its place, after the text before it", async ({ client, peer }) => {
    const file = peer.makefile("r");
    await client.sendall(Uint8Array.of(0x6f, 0x6b, 0x0a, 0x61, 0xff, 0x0a));
    assert.equal(await file.readline(), "ok\n");
    const error = {
      name: "RangeError",
      message: "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    };
    await assert.rejects(file.readline(), error);
    // The error is reported once. The valid text before and after it is read.
    assert.equal(await file.readline(), "a\n");
    await file.close();
    const ascii = peer.makefile("r", { encoding: "ascii" });
    await client.sendall("é\n");
    await assert.rejects(
      ascii.readline(),
      /'ascii' codec can't decode byte 0xc3 in position 0: ordinal not in range\(128\)/,
    );
    await ascii.close();
  });

  test("reading and writing one file at the same time", async ({ client, peer }) => {
    await using here = client.makefile("rw");
    await using there = peer.makefile("rw");
    const echo = (async () => {
      for await (const line of there) {
        await there.write(line.toUpperCase());
        await there.flush();
      }
    })();
    for (let i = 0; i < 100; i++) {
      const asked = here.readline();
      await here.write(`line ${i}\n`);
      await here.flush();
      assert.equal(await asked, `LINE ${i}\n`);
    }
    await client.shutdown(m.SHUT_WR);
    await echo;
  });
}

function asText(data: string | Uint8Array | null): string | null {
  return data instanceof Uint8Array ? text(data) : data;
}

/** Lets the other end's event loop turn, so that packets arrive separately. */
function receiveTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
