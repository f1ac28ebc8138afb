// Descriptor numbers that are reused: a number was waited on before its adoption, or was detached, closed and opened as
// another socket.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import { foreign } from "./_foreign.ts";
import { runDeno } from "./_helpers.ts";
import { settled, staysPending, text } from "./conformance/fixtures.ts";

const module = JSON.stringify(import.meta.resolve("../native.ts"));

Deno.test("native: select on a number reports data, also if the number was adopted during the wait", async () => {
  const [fd, other] = await foreign();
  const selecting = socket.select([fd], [], []);
  await staysPending(selecting);
  using adopted = socket.socket(-1, -1, -1, fd);
  const peeking = adopted.recv(10, socket.MSG_PEEK);
  await staysPending(peeking);
  await other.sendall("hi");
  assert.equal(text(await settled(peeking)), "hi");
  assert.deepEqual(await settled(selecting), [[fd], [], []]);
  other.close();
});

Deno.test("native: an epoll reports data on a number that was adopted, in the present poll and in later ones", async () => {
  const [fd, other] = await foreign();
  using events = socket.epoll();
  events.register(fd, socket.EPOLLIN);
  const polling = events.poll();
  await staysPending(polling);
  using adopted = socket.socket(-1, -1, -1, fd);
  adopted.settimeout(0.01);
  await assert.rejects(adopted.recv(1), { name: "TimeoutError" });
  await other.sendall("hi");
  assert.deepEqual(await settled(polling), [[fd, socket.EPOLLIN]]);
  assert.deepEqual(await events.poll(0), [[fd, socket.EPOLLIN]]);
  assert.equal(text(await adopted.recv(10)), "hi");
  other.close();
});

Deno.test("native: two waits for a number that was adopted may end in either order", async () => {
  for (const leaves of ["the number's", "the socket's"]) {
    const [fd, other] = await foreign();
    const controller = new AbortController();
    const { signal } = controller;
    const first = leaves === "the number's";
    const selecting = socket.select([fd], [], [], null, first ? { signal } : {});
    await staysPending(selecting);
    using adopted = socket.socket(-1, -1, -1, fd);
    const receiving = adopted.recv(10, socket.MSG_PEEK, first ? {} : { signal });
    await staysPending(receiving);
    controller.abort();
    await assert.rejects(settled<unknown>(first ? selecting : receiving), { name: "AbortError" }, leaves);
    await other.sendall("hi");
    if (first) assert.equal(text(await settled(receiving)), "hi");
    else assert.deepEqual(await settled(selecting), [[fd], [], []]);
    assert.equal(text(await adopted.recv(10)), "hi");
    other.close();
  }
});

/**
 * Closes the descriptors whose numbers it is sent. When a number belongs to a new socket, it sends the number back and
 * writes to that socket.
 */
const CLOSER = `
  import * as socket from ${module};
  onmessage = async ({ data: fd }) => {
    socket.socket(-1, -1, -1, fd).close();
    for (let n = 0; n < 64; n++) {
      const [a, b] = await socket.socketpair();
      const [again, other] = a.fileno() === fd ? [a, b] : [b, a];
      if (again.fileno() !== fd) continue;
      again.detach();
      postMessage(fd);
      await other.sendall("from another socket");
      return;
    }
    postMessage(-1);
  };
  postMessage("ready");
`;

Deno.test("native: a number that was detached and closed in a Worker belongs to the next socket with that number", async () => {
  const worker = new Worker(`data:application/javascript,${encodeURIComponent(CLOSER)}`, { type: "module" });
  const answer = () =>
    new Promise<unknown>((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }) => resolve(data);
    });
  assert.equal(await answer(), "ready");
  const [a, b] = await socket.socketpair();
  // A wait has read a part of the data ahead.
  await b.sendall("old");
  const limits = { signal: AbortSignal.timeout(5) };
  await assert.rejects(a.recv(10, socket.MSG_WAITALL, limits), { name: "TimeoutError" });
  const fd = a.detach();
  const closed = answer();
  worker.postMessage(fd);
  assert.equal(await closed, fd);
  using again = socket.socket(-1, -1, -1, fd);
  assert.equal(text(await settled(again.recv(100))), "from another socket");
  assert.equal(text(await b.recv(10)), "", "the other end of what was closed");
  b.close();
  worker.terminate();
});

Deno.test("native: a socket that was detached and adopted again receives the data that was read ahead", async () => {
  const [a, b] = await socket.socketpair();
  await b.sendall("abc");
  const limits = { signal: AbortSignal.timeout(5) };
  await assert.rejects(a.recv(10, socket.MSG_WAITALL, limits), { name: "TimeoutError" });
  using again = socket.socket(-1, -1, -1, a.detach());
  const whole = again.recv(6, socket.MSG_WAITALL);
  await b.sendall("def");
  assert.equal(text(await whole), "abcdef");
  b.close();
});

/** The numbers of the descriptors that the epoll instances of this process watch. */
function watchedNumbers(): number[] {
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      const info = Deno.readTextFileSync(`/proc/self/fdinfo/${name}`);
      return [...info.matchAll(/^tfd: +(\d+)/gm)].map(([, number]) => Number(number));
    } catch {
      return []; // the descriptor of the list itself
    }
  });
}

Deno.test("native: a socket that was detached is not watched, until it is adopted again", async () => {
  const [a, b] = await socket.socketpair();
  const first = a.recv(10);
  await b.sendall("first");
  await first;
  const number = a.fileno();
  assert(watchedNumbers().includes(number));
  a.detach();
  assert(!watchedNumbers().includes(number));
  using again = socket.socket(-1, -1, -1, number);
  const second = again.recv(10);
  await b.sendall("second");
  assert.equal(text(await settled(second)), "second");
  assert(watchedNumbers().includes(number));
  b.close();
});

Deno.test("native: a socket that was detached during a receive is not watched", async () => {
  const [a, b] = await socket.socketpair();
  const receiving = a.recv(10);
  const number = a.fileno();
  assert(watchedNumbers().includes(number));
  assert.equal(a.detach(), number);
  await assert.rejects(receiving, { code: "EBADF" });
  assert(!watchedNumbers().includes(number));
  socket.close(number);
  b.close();
});

Deno.test("native: a socket that was detached and closed by its new owner is not kept", async () => {
  // In a program of its own, because the numbers stay in the descriptor table.
  await using program = await runDeno(`
    import * as socket from ${module};
    import { openTransports } from ${JSON.stringify(import.meta.resolve("../native/transport.ts"))};
    const libc = Deno.dlopen("libc.so.6", { close: { parameters: ["i32"], result: "i32" } });
    using original = socket.socket();
    const numbers = new Set();
    let closed = 0;
    for (let round = 0; round < 50; round++) {
      for (const sock of [socket.socket(), original.dup()]) {
        const fd = sock.detach();
        numbers.add(fd);
        if (libc.symbols.close(fd) === 0) closed++;
      }
    }
    console.log(JSON.stringify([closed, openTransports.size - 1 - numbers.size]));
  `);
  assert.deepEqual(await program.json(), [100, 0]);
  assert.equal((await program.end()).code, 0);
});
