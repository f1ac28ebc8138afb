// The reactor: which waiters it wakes, how long it keeps the process alive, and that it leaves nothing behind.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import { select } from "../select.ts";
import { converse } from "./_examples.ts";
import { askPython, hasPython, runDeno } from "./_helpers.ts";
import { parked } from "./_parked.ts";
import { failure } from "./conformance/fixtures.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const module = JSON.stringify(import.meta.resolve("../native.ts"));

Deno.test("native: a parked reactor is woken for a wait", async () => {
  const [a, b] = await socket.socketpair();
  using _a = a;
  using _b = b;
  const waiting = b.recv(10);
  await parked();
  await a.send("hello");
  assert.equal(text(await waiting), "hello");
});

Deno.test("native: a new wait is woken while the reactor is parked for another", async () => {
  const [a, b] = await socket.socketpair();
  const [c, d] = await socket.socketpair();
  using all = new DisposableStack();
  for (const sock of [a, b, c, d]) all.use(sock);
  const first = b.recv(10);
  await parked();
  const second = d.recv(10);
  await c.send("second");
  assert.equal(text(await second), "second");
  await a.send("first");
  assert.equal(text(await first), "first");
});

Deno.test("native: a non-blocking call receives data that arrived while the reactor is parked", async () => {
  const [a, b] = await socket.socketpair();
  const [c, d] = await socket.socketpair();
  using all = new DisposableStack();
  for (const sock of [a, b, c, d]) all.use(sock);
  // The reactor watches d from now on, and knows that it is empty.
  d.settimeout(0.001);
  await assert.rejects(d.recv(10), { name: "TimeoutError" });
  const first = b.recv(10);
  await parked();
  d.setblocking(false);
  c.send("x");
  // No turn of the event loop has passed, so only the kernel knows about the data.
  const received = d.recv(10);
  const ready = select([d], [], [], 0);
  assert.equal(text(await received), "x");
  await ready;
  await a.send("first");
  assert.equal(text(await first), "first");
});

Deno.test("native: close wakes the waiting calls, and a number that is used again wakes no other call", async () => {
  const [a, b] = await socket.socketpair();
  const pending = assert.rejects(b.recv(10), { code: "EBADF" });
  await parked();
  const number = b.fileno();
  b.close();
  a.close();
  const [c, d] = await socket.socketpair();
  using _c = c;
  using _d = d;
  assert([c.fileno(), d.fileno()].includes(number));
  await pending;
  d.settimeout(0.01);
  await assert.rejects(d.recv(10), { name: "TimeoutError" });
});

Deno.test("native: readers, a writer and a selector wait on one socket", async () => {
  const [a, b] = await socket.socketpair();
  using _a = a;
  using _b = b;
  const big = new Uint8Array(1_000_000).fill(1);
  const sending = b.sendall(big);
  const receiving = b.recv(10);
  const selecting = select([b], [], []);
  await a.send("hello");
  assert.equal(text(await receiving), "hello");
  // select may have asked the kernel after that was received, as with two threads. The next data makes an event.
  await a.send("again");
  assert.deepEqual(await selecting, [[b], [], []]);
  assert.equal(text(await b.recv(10)), "again");
  let rest = big.length;
  while (rest > 0) rest -= (await a.recv(65536)).length;
  await sending;
});

Deno.test("native: timers and Deno's own I/O run while sockets are busy", async () => {
  const [a, b] = await socket.socketpair();
  using _a = a;
  using _b = b;
  let running = true;
  const busy = (async () => {
    while (running) {
      await a.send("x");
      await b.recv(10);
    }
  })();
  const quiet = (async () => {
    while (running) await a.recv(1);
  })();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert((await Deno.readTextFile(new URL(import.meta.url))).length > 0);
  running = false;
  await busy;
  await b.send("x");
  await quiet;
});

Deno.test("native: the process ends by itself after the last wait, with sockets open", async () => {
  await using program = await runDeno(`
    import * as socket from ${module};
    const [a, b] = await socket.socketpair();
    setTimeout(() => a.send("hello"), 50);
    console.log((await b.recv(10)).length);
  `);
  const { code, stdout, stderr } = await program.end();
  assert.deepEqual([code, stdout, stderr], [0, "5\n", ""]);
});

Deno.test("native: a pending wait keeps the process alive, and an unref'ed one does not", async () => {
  await using program = await runDeno(`
    import * as socket from ${module};
    const [a, b] = await socket.socketpair();
    b.unref();
    b.recv(10).then(() => console.log("received"));
    setTimeout(() => a.send("x"), 100);
    setTimeout(() => console.log("timer"), 300);
    const [c, d] = await socket.socketpair();
    d.recv(10);
    setTimeout(() => d.unref(), 400);
  `);
  const { code, stdout } = await program.end();
  assert.deepEqual([code, stdout], [0, "received\ntimer\n"]);
});

Deno.test("native: each Worker has its own sockets", async () => {
  const source = `
    import * as socket from ${module};
    const [a, b] = await socket.socketpair();
    const waiting = b.recv(10);
    await a.send("hello");
    postMessage((await waiting).length);
    try { socket.socket(socket.AF_INET, socket.SOCK_RDM); } catch (error) { postMessage(error.code); }
  `;
  const url = `data:application/javascript,${encodeURIComponent(source)}`;
  const answers = await Promise.all([1, 2].map(async () => {
    const worker = new Worker(url, { type: "module" });
    const heard: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }) => heard.push(data) === 2 && resolve();
    });
    worker.terminate();
    return heard;
  }));
  assert.deepEqual(answers, [[5, "ESOCKTNOSUPPORT"], [5, "ESOCKTNOSUPPORT"]]);
});

Deno.test("native: a Worker that has closed its sockets leaves no descriptor of the reactor", async () => {
  const source = `
    import * as socket from ${module};
    import { parked } from ${JSON.stringify(import.meta.resolve("./_parked.ts"))};
    const own = () => {
      const links = Array.from(Deno.readDirSync("/proc/self/fd"), ({ name }) => {
        try {
          return Deno.readLinkSync("/proc/self/fd/" + name);
        } catch {
          return ""; // the descriptor of the list itself
        }
      });
      return links.filter((link) => link === "anon_inode:[eventfd]" || link === "anon_inode:[eventpoll]").length;
    };
    const before = own();
    const counts = [];
    for (let round = 0; round < 2; round++) {
      const [a, b] = await socket.socketpair();
      const receiving = b.recv(10);
      await parked();
      await a.sendall("hello");
      await receiving;
      counts.push(own() - before);
      const waiting = b.recv(10);
      await parked();
      a.close();
      b.close();
      await waiting.catch(() => {});
      counts.push(own() - before);
    }
    postMessage(counts);
  `;
  const worker = new Worker(`data:application/javascript,${encodeURIComponent(source)}`, { type: "module" });
  const counts = await new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) => resolve(data);
  });
  worker.terminate();
  assert.deepEqual(counts, [2, 0, 2, 0]);
});

Deno.test("native: calls wait for a full queue of a Unix listener or of a receiver", async () => {
  using server = socket.socket(socket.AF_UNIX);
  server.bind("");
  server.listen(0);
  const clients = Array.from({ length: 4 }, () => socket.socket(socket.AF_UNIX));
  const connecting = Promise.all(clients.map((client) => client.connect(server.getsockname())));
  for (const _ of clients) (await server.accept())[0].close();
  await connecting;
  for (const client of clients) client.close();

  using receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
  receiver.bind("");
  using sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
  const sending = (async () => {
    for (let i = 0; i < 100; i++) await sender.sendto(`${i}`, receiver.getsockname());
  })();
  for (let i = 0; i < 100; i++) assert.equal(text(await receiver.recv(10)), `${i}`);
  await sending;
});

for (const left of [0, 1]) {
  Deno.test(`native: a first wait with ${left} descriptors left is EMFILE, and later ones wait`, async () => {
    await using program = await runDeno(`
      import * as socket from ${module};
      const libc = Deno.dlopen("libc.so.6", {
        dup: { parameters: ["i32"], result: "i32" },
        close: { parameters: ["i32"], result: "i32" },
        getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
        setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
      }).symbols;
      const RLIMIT_NOFILE = 7;
      const [a, b] = await socket.socketpair();
      const limits = new BigUint64Array(2);
      libc.getrlimit(RLIMIT_NOFILE, limits);
      const [usual, most] = limits;
      // No descriptor is open from the limit on, and this many numbers are free below it.
      const free = Array.from({ length: ${left} + 1 }, () => libc.dup(2));
      for (const fd of free) libc.close(fd);
      libc.setrlimit(RLIMIT_NOFILE, new BigUint64Array([BigInt(free.at(-1)), most]));
      const refused = await b.recv(10).catch((error) => error.code);
      libc.setrlimit(RLIMIT_NOFILE, limits);
      console.log(refused);
      const waiting = b.recv(10);
      await a.sendall("hello");
      console.log(new TextDecoder().decode(await waiting));
      const [c, d] = await socket.socketpair();
      const another = d.recv(10);
      await c.sendall("others too");
      console.log(new TextDecoder().decode(await another));
    `);
    assert.equal(await converse(program), "EMFILE\nhello\nothers too\n");
  });
}

/** Whether the kernel supports vsock. If not, its tests are skipped with a line that says so. */
function hasVsock(): boolean {
  try {
    socket.socket(socket.AF_VSOCK).close();
    return true;
  } catch (error) {
    console.log(`no vsock: its tests are skipped (${(error as Error).message})`);
    return false;
  }
}

Deno.test({
  name: "native: a vsock connect that fails throws CPython's error once, and makes no second attempt",
  ignore: Deno.build.os !== "linux" || !hasPython() || !hasVsock(),
  async fn() {
    // A port without a listener. It was bound a moment ago.
    const LOCAL = 1, SO_VM_SOCKETS_CONNECT_TIMEOUT = 6;
    const bound = socket.socket(socket.AF_VSOCK);
    bound.bind([socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY]);
    const [, port] = bound.getsockname() as [number, number];
    bound.close();
    const told = await askPython(
      `
import ctypes, json, socket, struct, sys
sk = socket.socket(socket.AF_VSOCK)
# Its own setsockopt takes nothing but numbers here.
ctypes.CDLL(None).setsockopt(sk.fileno(), socket.AF_VSOCK, int(sys.argv[3]), struct.pack("qq", 0, 20000), 16)
sk.settimeout(10)
error = sk.connect_ex((int(sys.argv[1]), int(sys.argv[2])))
print(json.dumps([error, sk.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)]))
`,
      LOCAL,
      port,
      SO_VM_SOCKETS_CONNECT_TIMEOUT,
    );
    for (const timeout of [10, null]) {
      using sock = socket.socket(socket.AF_VSOCK);
      const brief = new Uint8Array(new BigInt64Array([0n, 20_000n]).buffer);
      sock.setsockopt(socket.AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, brief);
      sock.settimeout(timeout);
      const error = await failure(() => sock.connect([LOCAL, port]));
      // Another attempt would start a new connect, which would later leave its own error.
      assert.deepEqual(await select([], [sock], []), [[], [sock], []]);
      assert.deepEqual([error?.errno, sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)], told);
    }
  },
});
