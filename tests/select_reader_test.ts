// reader(): waits on pipes and other sources together with sockets.

import assert from "node:assert/strict";
import { epoll, EPOLLIN, poll, POLLHUP, POLLIN, POLLOUT, reader, select } from "../select.ts";
import { socketpair } from "../mod.ts";
import type { Reader, ReadSource } from "../select.ts";
import { settled, staysPending } from "./conformance/fixtures.ts";

/** A source that the test feeds. It counts its reads. */
class Fed implements ReadSource {
  reads = 0;
  #waiting: ((text: string | null | Error) => void) | undefined;

  read(p: Uint8Array): Promise<number | null> {
    this.reads++;
    return new Promise((resolve, reject) => {
      this.#waiting = (text) => {
        this.#waiting = undefined;
        if (text instanceof Error) reject(text);
        else resolve(text === null ? null : new TextEncoder().encodeInto(text, p).written);
      };
    });
  }

  feed(text: string | null | Error): void {
    this.#waiting!(text);
  }
}

const text = (data: Uint8Array) => new TextDecoder().decode(data);

Deno.test("a reader reads nothing before the first wait, and giving up loses nothing", async () => {
  const source = new Fed();
  using one = reader(source);
  assert.equal(source.reads, 0);
  assert.deepEqual(await select([one], [], [], 0.01), [[], [], []]);
  await assert.rejects(one.read(5, { signal: AbortSignal.timeout(5) }), { name: "TimeoutError" });
  assert.equal(source.reads, 1);
  source.feed("hello, world");
  assert.deepEqual(await select([one], [one], [one], 5), [[one], [], []]);
  assert.deepEqual(await select([one], [], [], 0), [[one], [], []]);
  assert.equal(text(await one.read(5)), "hello");
  assert.equal(text(await one.read()), ", world");
  assert.equal(source.reads, 1);
});

Deno.test("the end of a reader stays readable, and an error is reported once", async () => {
  const source = new Fed();
  using one = reader(source);
  const failing = one.read();
  source.feed(new Error("broken"));
  await assert.rejects(failing, /broken/);
  const poller = poll();
  poller.register(one, POLLIN);
  const waiting = poller.poll(5000);
  await Promise.resolve();
  await Promise.resolve();
  source.feed(null);
  assert.deepEqual(await waiting, [[one.fileno(), POLLIN | POLLHUP]]);
  assert.deepEqual([await one.read(), await one.read(1)], [new Uint8Array(), new Uint8Array()]);
});

Deno.test("an epoll reports events of a reader and of a socket", async () => {
  const [left, right] = await socketpair();
  const source = new Fed();
  {
    using one = reader(source);
    using poller = epoll();
    poller.register(one, EPOLLIN);
    poller.register(right, EPOLLIN);
    for (let round = 0; round < 3; round++) {
      source.feed(`${round}`);
      assert.deepEqual(await poller.poll(5), [[one.fileno(), EPOLLIN]]);
      assert.equal(text(await one.read()), `${round}`);
      await left.sendall("x");
      assert.deepEqual(await poller.poll(5), [[right.fileno(), EPOLLIN]]);
      await right.recv(1);
    }
  }
  left.close();
  right.close();
});

Deno.test("select waits on a child's output, and a poll with timeout 0 finds present data", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "console.log('out'); await Deno.stdin.read(new Uint8Array(1))"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  using output = reader(child.stdout);
  assert.deepEqual(await select([output], [], [], 30), [[output], [], []]);
  assert.equal(text(await output.read()), "out\n");
  assert.deepEqual(await select([output], [], [], 0), [[], [], []]);
  await child.stdin.close();
  assert.equal((await output.read()).length, 0);
  assert.ok((await child.status).success);
});

Deno.test("close of a reader releases its number and ends a wait, and arguments are checked", async () => {
  assert.throws(() => reader({} as ReadSource), TypeError);
  const one = reader(new Fed());
  await assert.rejects(one.read(0), RangeError);
  await assert.rejects(one.read(1.5), TypeError);
  const reading = one.read();
  const waiting = select([one], [], []);
  await Promise.resolve();
  await Promise.resolve();
  one.close();
  one.close();
  assert.ok(one.closed);
  assert.equal(one.fileno(), -1);
  await assert.rejects(reading, /closed/);
  await assert.rejects(waiting, { code: "EBADF" });
  await assert.rejects(select([one], [], []), RangeError);
});

/** The ways to wait for one reader. Each returns whether the reader was reported as readable. */
const WAYS: { name: string; wait(one: Reader): Promise<boolean> }[] = [
  {
    name: "select",
    wait: async (one) => (await select([one], [], []))[0].includes(one),
  },
  {
    name: "poll",
    wait: async (one) => {
      const poller = poll();
      poller.register(one, POLLIN);
      return (await poller.poll()).some(([fd, events]) => fd === one.fileno() && events === POLLIN);
    },
  },
  {
    name: "epoll",
    wait: async (one) => {
      using poller = epoll();
      poller.register(one, EPOLLIN);
      return (await poller.poll()).some(([fd, events]) => fd === one.fileno() && events === EPOLLIN);
    },
  },
];

for (const { name, wait } of WAYS) {
  Deno.test(`${name}: an empty chunk is no event, and the data after it is one`, async () => {
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    using one = reader(new ReadableStream<Uint8Array>({ start: (it) => void (controller = it) }));
    const waiting = wait(one);
    for (let round = 0; round < 2; round++) {
      controller.enqueue(new Uint8Array(0));
      await staysPending(waiting);
    }
    controller.enqueue(new TextEncoder().encode("hello"));
    assert.equal(await settled(waiting), true);
    assert.equal(text(await one.read()), "hello");
    controller.close();
  });
}

for (const way of ["poll", "epoll"] as const) {
  Deno.test(`${way} for input and output reports data of a socket although a reader has data`, async () => {
    using one = reader(new Blob(["line\n"]).stream());
    const [left, right] = await socketpair();
    using epoller = epoll();
    const poller = way === "poll" ? poll() : epoller;
    for (const item of [one, right]) poller.register(item);
    await select([one], [], [], 5);
    // Since then something looks for data.
    await poller.poll(0);
    await left.sendall("x");
    const found = new Map(await poller.poll(0));
    assert.deepEqual([one, right].map((item) => found.get(item.fileno())), [POLLIN, POLLIN | POLLOUT]);
    left.close();
    right.close();
  });
}

Deno.test("an epoll that reported a failed read reports the data after it", async () => {
  const source = new Fed();
  using one = reader(source);
  using poller = epoll();
  poller.register(one, EPOLLIN);
  source.feed(new Error("broken"));
  assert.equal((await poller.poll()).length, 1);
  await assert.rejects(one.read(), /broken/);
  const polling = poller.poll();
  await staysPending(polling);
  assert.equal(source.reads, 2);
  source.feed("x");
  assert.deepEqual(await settled(polling), [[one.fileno(), EPOLLIN]]);
  assert.equal(text(await one.read()), "x");
});

/** A source that returns these pieces, one for each read, and then its end. */
function pieces(...parts: (string | Uint8Array)[]): ReadSource {
  const rest = parts.map((part) => typeof part === "string" ? new TextEncoder().encode(part) : part);
  return {
    read(p) {
      const next = rest.shift();
      if (next === undefined) return Promise.resolve(null);
      p.set(next);
      return Promise.resolve(next.length);
    },
  };
}

Deno.test("readline: returns lines with their ends, however chunks split them, and an empty text at the end", async () => {
  using one = reader(pieces("one\ntw", "o\n\nthr", "ee\r\n", "fo\rur\r", "\nlast"));
  const lines = [];
  for (let i = 0; i < 8; i++) lines.push(await one.readline());
  assert.deepEqual(lines, ["one\n", "two\n", "\n", "three\n", "fo\rur\n", "last", "", ""]);
});

Deno.test("readline: joins a character that a read has split, and replaces bytes that are not UTF-8", async () => {
  const bytes = new TextEncoder().encode("世界\ufeff😀\n");
  using one = reader(pieces(...Array.from(bytes, (byte) => Uint8Array.of(byte)), Uint8Array.of(0xff, 0x61, 0x0a)));
  assert.equal(await one.readline(), "世界\ufeff😀\n");
  assert.equal(await one.readline(), "\ufffda\n");
});

Deno.test("readline: a limit counts characters, and bounds a line that does not end", async () => {
  using one = reader(pieces("😀😀世\nab\n", "x".repeat(10), "y".repeat(10)));
  const lines = [];
  for (const limit of [2, 2, 9, 1, 0, -1, 15, 15]) lines.push(await one.readline(limit));
  assert.deepEqual(lines, ["😀😀", "世\n", "ab\n", "x", "", "xxxxxxxxxyyyyyyyyyy", "", ""]);
  const source = new Fed();
  using two = reader(source);
  const limited = two.readline(3);
  source.feed("ab");
  await staysPending(limited);
  source.feed("cd");
  assert.equal(await settled(limited), "abc");
  // Invalid characters count too.
  using three = reader(pieces(Uint8Array.of(0xff, 0xff, 0xf0, 0x41, 0xc3)));
  assert.equal(await three.readline(2), "\ufffd\ufffd");
  assert.equal(await three.readline(2), "\ufffdA");
  assert.equal(await three.readline(2), "\ufffd");
  // Each of these bytes is replaced by itself: no character begins with F0 80, ED A0 or FF.
  for (const invalid of [[0xf0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xff, 0x80, 0x80]]) {
    using four = reader(pieces(Uint8Array.from([...invalid, 0x0a])));
    for (let i = 0; i < 3; i++) assert.equal(await four.readline(1), "\ufffd");
    assert.equal(await four.readline(1), "\n");
  }
});

Deno.test('readline: a limit counts "\\r\\n" as one character, and does not split it', async () => {
  for (const cuts of [["ab\r\ncd\r\n"], ["ab\r", "\ncd\r\n"], [..."ab\r\ncd\r\n"]]) {
    using one = reader(pieces(...cuts));
    const lines = [];
    for (const limit of [3, 2, 1, 1]) lines.push(await one.readline(limit));
    assert.deepEqual(lines, ["ab\n", "cd", "\n", ""]);
  }
  using alone = reader(pieces("a\r", "b\r"));
  assert.deepEqual([await alone.readline(2), await alone.readline(2), await alone.readline(2)], ["a\r", "b\r", ""]);
});

Deno.test("readline: giving up loses nothing, and read() returns the data that readline left", async () => {
  const source = new Fed();
  using one = reader(source);
  const controller = new AbortController();
  const given = one.readline(-1, { signal: controller.signal });
  source.feed("half a ");
  await staysPending(given);
  controller.abort("enough");
  await assert.rejects(given, (reason) => reason === "enough");
  // The half line can be read, and select reports it.
  assert.deepEqual(await select([one], [], [], 0), [[one], [], []]);
  const line = one.readline();
  source.feed("line\nand more");
  assert.equal(await settled(line), "half a line\n");
  assert.equal(text(await one.read()), "and more");
});

Deno.test("readline: a reader is ready while it holds complete lines", async () => {
  const source = new Fed();
  using one = reader(source);
  const first = one.readline();
  source.feed("one\ntwo\n");
  assert.equal(await first, "one\n");
  assert.deepEqual(await select([one], [], [], 0), [[one], [], []]);
  assert.equal(await one.readline(), "two\n");
  assert.deepEqual(await select([one], [], [], 0), [[], [], []]);
});

Deno.test("readline: an error is reported once, and the half line before it is kept", async () => {
  const source = new Fed();
  using one = reader(source);
  const failing = one.readline();
  source.feed("half ");
  await staysPending(failing);
  source.feed(new Error("broken"));
  await assert.rejects(failing, /broken/);
  const whole = one.readline();
  source.feed("line\n");
  assert.equal(await settled(whole), "half line\n");
});

Deno.test("concurrent reads of a reader are served in order", async () => {
  const source = new Fed();
  using one = reader(source);
  const reads = Promise.all([one.readline(), one.read(2), one.readline()]);
  source.feed("first ");
  await staysPending(reads);
  source.feed("line\nabsecond\n");
  const [first, two, second] = await settled(reads);
  assert.deepEqual([first, text(two), second], ["first line\n", "ab", "second\n"]);
});

Deno.test("readlines: returns all lines, or lines up to a hint, and an abort loses none", async () => {
  using all = reader(pieces("one\ntw", "o\nthree"));
  assert.deepEqual(await all.readlines(), ["one\n", "two\n", "three"]);
  assert.deepEqual(await all.readlines(), []);
  using some = reader(pieces("😀😀😀\nb\nc\n"));
  assert.deepEqual(await some.readlines(4), ["😀😀😀\n", "b\n"]);
  assert.deepEqual(await some.readlines(1), ["c\n"]);
  const source = new Fed();
  using given = reader(source);
  const controller = new AbortController();
  const lines = given.readlines(-1, { signal: controller.signal });
  source.feed("one\ntwo\n");
  await staysPending(lines);
  controller.abort("enough");
  await assert.rejects(lines, (reason) => reason === "enough");
  assert.equal(await given.readline(), "one\n");
});

Deno.test("iteration by line: leaving the loop loses nothing", async () => {
  using one = reader(pieces("one\ntwo\nth", "ree\nfour"));
  for await (const line of one) if (line === "two\n") break;
  const rest = [];
  for await (const line of one) rest.push(line);
  assert.deepEqual(rest, ["three\n", "four"]);
});

Deno.test("close ends a readline; wrong arguments of it are refused", async () => {
  const one = reader(new Fed());
  await assert.rejects(one.readline(1.5), TypeError);
  await assert.rejects(one.readlines("x" as unknown as number), TypeError);
  const reading = one.readline();
  await Promise.resolve();
  one.close();
  await assert.rejects(settled(reading), /closed/);
  await assert.rejects(one.readline(), /closed/);
});

Deno.test("close unlocks a stream, which keeps the data that has not arrived", async () => {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({ start: (it) => void (controller = it) });
  const one = reader(stream);
  controller.enqueue(new TextEncoder().encode("one\n"));
  assert.equal(await one.readline(), "one\n");
  const waiting = one.readline();
  await staysPending(waiting);
  one.close();
  await assert.rejects(waiting, /closed file/);
  controller.enqueue(new TextEncoder().encode("two\n"));
  controller.close();
  using next = reader(stream);
  assert.deepEqual(await next.readlines(), ["two\n"]);
});
