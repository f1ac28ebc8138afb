// select, poll and epoll on descriptors that this module did not open, together with sockets of both backends.

import assert from "node:assert/strict";
import * as native from "../native.ts";
import * as socket from "../mod.ts";
import { settled, staysPending } from "./conformance/fixtures.ts";
import { epoll, EPOLLET, EPOLLIN, poll, POLLIN, POLLNVAL, select } from "../select.ts";

/** The two ends of a pipe, as descriptors. */
function openPipe(): { fds: [number, number]; write(text: string): void; close(): void } {
  const libc = Deno.dlopen("libc.so.6", {
    pipe: { parameters: ["buffer"], result: "i32" },
    write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const fds = new Int32Array(2);
  assert.equal(libc.symbols.pipe(fds), 0);
  return {
    fds: [fds[0], fds[1]],
    write: (text) => void libc.symbols.write(fds[1], new TextEncoder().encode(text), BigInt(text.length)),
    close() {
      for (const fd of fds) libc.symbols.close(fd);
      libc.close();
    },
  };
}

Deno.test("native: select waits on a pipe", async () => {
  const pipe = openPipe();
  const [read, write] = pipe.fds;
  assert.deepEqual(await select([read], [write], [], 0), [[], [write], []]);
  const waiting = select([read], [], []);
  const both = select([read], [], [], 5);
  setTimeout(() => pipe.write("x"), 5);
  assert.deepEqual(await waiting, [[read], [], []]);
  assert.deepEqual(await both, [[read], [], []]);
  assert.deepEqual(await select([read], [], [], 0), [[read], [], []]);
  pipe.close();
});

Deno.test("native: a number that is not open is EBADF in select and POLLNVAL in poll", async () => {
  const pipe = openPipe();
  const [read] = pipe.fds;
  pipe.close();
  await assert.rejects(select([read], [], [], 0), { code: "EBADF" });
  const poller = poll();
  poller.register(read, POLLIN);
  assert.deepEqual(await poller.poll(0), [[read, POLLNVAL]]);
});

Deno.test("native: epoll waits on a pipe and on sockets of both backends", async () => {
  const pipe = openPipe();
  const [read] = pipe.fds;
  const [a, b] = await native.socketpair();
  const [c, d] = await socket.socketpair();
  const ep = epoll();
  for (const item of [read, b, d]) ep.register(item, EPOLLIN);
  assert.deepEqual(await ep.poll(0), []);
  const heard = new Set<number>();
  setTimeout(() => pipe.write("x"), 2);
  setTimeout(() => a.send("x"), 4);
  setTimeout(() => c.send("x"), 6);
  while (heard.size < 3) for (const [fd] of await ep.poll()) heard.add(fd);
  assert.deepEqual(heard, new Set([read, b.fileno(), d.fileno()]));
  ep.close();
  for (const sock of [a, b, c, d]) sock.close();
  pipe.close();
});

Deno.test("native: one select over sockets of both backends", async () => {
  const [a, b] = await native.socketpair();
  const [c, d] = await socket.socketpair();
  const waiting = select([b, d], [], []);
  await c.send("x");
  assert.deepEqual(await waiting, [[d], [], []]);
  await a.send("x");
  await d.recv(1);
  assert.deepEqual(await select([b, d], [], []), [[b], [], []]);
  for (const sock of [a, b, c, d]) sock.close();
});

Deno.test("native: fromfd leaves a descriptor that the table does not know to its owner", async () => {
  const libc = Deno.dlopen("libc.so.6", {
    socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const fds = new Int32Array(2);
  assert.equal(libc.symbols.socketpair(native.AF_UNIX, native.SOCK_STREAM, 0, fds), 0);
  {
    using left = native.fromfd(fds[0], native.AF_UNIX, native.SOCK_STREAM);
    using right = native.fromfd(fds[1], native.AF_UNIX, native.SOCK_STREAM);
    assert(left.fileno() !== fds[0]);
    await left.sendall("x");
    assert.deepEqual(await select([fds[1]], [], [], 5), [[fds[1]], [], []]);
    assert.equal((await right.recv(10)).length, 1);
  }
  // They are still open. Their owner closes them, and then the table forgets them.
  assert.deepEqual(await select([], [...fds], [], 0), [[], [...fds], []]);
  for (const fd of fds) assert.equal(libc.symbols.close(fd), 0);
  await assert.rejects(select([], [fds[0]], [], 0), { code: "EBADF" });
  // A descriptor that is no socket is refused, and no duplicate of it stays open.
  const before = [...Deno.readDirSync("/proc/self/fd")].length;
  const pipe = openPipe();
  assert.throws(() => native.fromfd(pipe.fds[0], -1, -1), { code: "ENOTSOCK" });
  pipe.close();
  assert.equal([...Deno.readDirSync("/proc/self/fd")].length, before);
  libc.close();
});

Deno.test("native: a regular file is always ready for select and poll, and epoll refuses it", async () => {
  const libc = Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const path = await Deno.makeTempFile();
  const fd = libc.symbols.open(new TextEncoder().encode(`${path}\0`), 0);
  assert(fd >= 0);
  assert.deepEqual(await select([fd], [fd], [fd], 0), [[fd], [fd], []]);
  // No exceptional condition ever occurs, so a wait for it ends at the timeout.
  assert.deepEqual(await select([], [], [fd], 0.01), [[], [], []]);
  const poller = poll();
  poller.register(fd, POLLIN);
  assert.deepEqual(await poller.poll(0), [[fd, POLLIN]]);
  using events = epoll();
  assert.throws(() => events.register(fd, EPOLLIN), { code: "EPERM" });
  assert.throws(() => events.unregister(fd), { code: "ENOENT" });
  libc.symbols.close(fd);
  libc.close();
  await Deno.remove(path);
});

Deno.test("native: an edge of a pipe is reported once, also if other waits use the number", async () => {
  const pipe = openPipe();
  const [read] = pipe.fds;
  using poller = epoll();
  poller.register(read, EPOLLIN | EPOLLET);
  pipe.write("x");
  assert.deepEqual(await poller.poll(5), [[read, EPOLLIN]]);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await select([read], [], [], 0), [[read], [], []]);
    using other = epoll();
    other.register(read, EPOLLIN);
    assert.deepEqual(await other.poll(5), [[read, EPOLLIN]]);
    assert.deepEqual(await poller.poll(0), []);
  }
  pipe.write("y");
  assert.deepEqual(await poller.poll(5), [[read, EPOLLIN]]);
  pipe.close();
});

Deno.test("native: a descriptor that is no socket is not adopted, and does not change", async () => {
  const pipe = openPipe();
  const [read] = pipe.fds;
  const flags = () => /flags:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${read}`))![1];
  const before = flags();
  assert.throws(() => native.socket(native.AF_INET, native.SOCK_STREAM, 0, read), { code: "ENOTSOCK" });
  assert.throws(() => native.fromfd(read, native.AF_INET, native.SOCK_STREAM), { code: "ENOTSOCK" });
  assert.equal(flags(), before);
  pipe.write("x");
  assert.deepEqual(await select([read], [], [], 5), [[read], [], []]);
  pipe.close();
});

/** Makes a number, which was given away, another file: the reading end of a pipe. Returns a function that closes it. */
function replace(fd: number, [read]: [number, number]): () => void {
  const libc = Deno.dlopen("libc.so.6", {
    dup2: { parameters: ["i32", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
  assert.equal(libc.symbols.dup2(read, fd), fd);
  return () => {
    libc.symbols.close(fd);
    libc.close();
  };
}

Deno.test("native: select and epoll wait on a file that has the number of a detached socket", async () => {
  const waits: Record<string, (fd: number) => Promise<unknown>> = {
    select: async (fd) => (await select([fd], [], []))[0],
    async epoll(fd) {
      using poller = epoll();
      poller.register(fd, EPOLLIN);
      return (await poller.poll()).map(([ready]) => ready);
    },
  };
  for (const [name, wait] of Object.entries(waits)) {
    const pipe = openPipe();
    const [a, b] = await native.socketpair();
    // After a wait the socket is registered with the reactor.
    await assert.rejects(a.recv(1, { signal: AbortSignal.timeout(5) }), { name: "TimeoutError" });
    const fd = a.detach();
    const close = replace(fd, pipe.fds);
    const waiting = wait(fd);
    await staysPending(waiting);
    pipe.write("x");
    assert.deepEqual(await settled(waiting), [fd], name);
    close();
    pipe.close();
    b.close();
  }
});

Deno.test("native: an epoll forgets a detached socket whose number is another file", async () => {
  const pipe = openPipe();
  const [a, b] = await native.socketpair();
  using poller = epoll();
  poller.register(a, EPOLLIN);
  const fd = a.detach();
  const close = replace(fd, pipe.fds);
  assert.throws(() => poller.unregister(fd), { code: "ENOENT" });
  poller.register(fd, EPOLLIN);
  pipe.write("x");
  assert.deepEqual(await poller.poll(5), [[fd, EPOLLIN]]);
  close();
  pipe.close();
  b.close();
});
