// SO_RCVTIMEO, SO_SNDTIMEO and SO_RCVLOWAT, compared with CPython's blocking sockets: the same calls and outcomes.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import type { Socket } from "../native.ts";
import { foreign } from "./_foreign.ts";
import { askPython, pythonTest } from "./_helpers.ts";
import { settled, staysPending, text } from "./conformance/fixtures.ts";

/** The limit of all calls here, in seconds. */
const SECONDS = 0.06;

/** How many calls wait at the same time. Each has a dozen sockets. */
const AT_ONCE = 16;

/** A struct timeval. */
function time(seconds: number): Uint8Array {
  const whole = Math.floor(seconds);
  return new Uint8Array(new BigInt64Array([BigInt(whole), BigInt(Math.round((seconds - whole) * 1e6))]).buffer);
}

const limitReceive = (sock: Socket) => sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, time(SECONDS));
const limitSend = (sock: Socket) => sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, time(SECONDS));
const wantTen = (sock: Socket) => sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 10);

interface World {
  a: Socket;
  b: Socket;
  /** A connected UDP socket. */
  u: Socket;
  /** One of a pair of Unix datagram sockets. */
  d: Socket;
  server: Socket;
  /** The address of a TCP listener whose queue is full. */
  full: [string, number];
  /** The same for an abstract Unix name. */
  fullUnix: string;
  /** Closes everything at the end. */
  all: DisposableStack;
}

/** Makes a listener whose queue is full, so that a connect to it waits. */
async function fill(all: DisposableStack): Promise<[string, number]> {
  const server = all.use(socket.socket());
  server.bind(["127.0.0.1", 0]);
  server.listen(0);
  const address = server.getsockname();
  for (let n = 0; n < 3; n++) {
    const client = all.use(socket.socket());
    client.setblocking(false);
    await client.connect_ex(address);
  }
  return address;
}

async function open(kind: string): Promise<World> {
  const all = new DisposableStack();
  const server = all.use(socket.create_server(["127.0.0.1", 0]));
  let pair: [Socket, Socket];
  if (kind === "unix") pair = await socket.socketpair();
  else {
    const client = await socket.create_connection(server.getsockname());
    pair = [(await server.accept())[0], client];
  }
  const [a, b] = pair.map((sock) => all.use(sock));
  const u = all.use(socket.socket(socket.AF_INET, socket.SOCK_DGRAM));
  u.bind(["127.0.0.1", 0]);
  const [d, other] = (await socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)).map((sock) => all.use(sock));
  void other;
  const fullUnix = `\0${crypto.randomUUID()}`;
  const listener = all.use(socket.socket(socket.AF_UNIX));
  listener.bind(fullUnix);
  listener.listen(0);
  await all.use(socket.socket(socket.AF_UNIX)).connect(fullUnix);
  return { a, b, u, d, server, full: await fill(all), fullUnix, all };
}

type Steps = (w: World) => unknown;

/**
 * The calls, in Python and here, on the same kinds of sockets. Their results are compared, or the errnos of their
 * errors.
 */
const CALLS: Record<string, Steps> = {
  "limit_receive(a), a.recv(9)": ({ a }) => (limitReceive(a), a.recv(9)),
  "limit_receive(a), a.recv_into(bytearray(9))": ({ a }) => (limitReceive(a), a.recv_into(new Uint8Array(9))),
  "limit_receive(a), a.recvfrom(9)": ({ a }) => (limitReceive(a), a.recvfrom(9)),
  "limit_receive(a), a.recvfrom_into(bytearray(9))": ({ a }) => (limitReceive(a), a.recvfrom_into(new Uint8Array(9))),
  "limit_receive(a), a.recvmsg(9)": ({ a }) => (limitReceive(a), a.recvmsg(9)),
  "limit_receive(a), a.recvmsg_into([bytearray(9)])": ({ a }) => (limitReceive(a), a.recvmsg_into([new Uint8Array(9)])),
  "limit_receive(a), a.recv(9, MSG_PEEK)": ({ a }) => (limitReceive(a), a.recv(9, socket.MSG_PEEK)),
  "limit_receive(a), a.recv(9, MSG_WAITALL)": ({ a }) => (limitReceive(a), a.recv(9, socket.MSG_WAITALL)),
  "limit_receive(a), b.send(b'part'), a.recv(9, MSG_WAITALL)": async ({ a, b }) => {
    limitReceive(a);
    await b.send("part");
    return await a.recv(9, socket.MSG_WAITALL);
  },
  "limit_receive(a), b.send(b'part'), a.recvmsg(9, 0, MSG_WAITALL)[0]": async ({ a, b }) => {
    limitReceive(a);
    await b.send("part");
    return (await a.recvmsg(9, 0, socket.MSG_WAITALL))[0];
  },
  "limit_receive(a), b.send(b'part'), a.recv(9)": async ({ a, b }) => {
    limitReceive(a);
    await b.send("part");
    return await a.recv(9);
  },
  "limit_receive(a), a.makefile('rb').read(4)": async ({ a }) => {
    limitReceive(a);
    await using file = a.makefile("rb");
    return await file.read(4);
  },
  "limit_receive(a), a.settimeout(3 * SECONDS), a.recv(9)": ({ a }) => {
    limitReceive(a);
    a.settimeout(3 * SECONDS);
    return a.recv(9);
  },
  "limit_receive(a), a.setblocking(False), a.recv(9)": ({ a }) => (limitReceive(a), a.setblocking(false), a.recv(9)),
  "limit_receive(a), a.recv(9, MSG_DONTWAIT)": ({ a }) => (limitReceive(a), a.recv(9, socket.MSG_DONTWAIT)),
  "limit_receive(a), a.dup().recv(9)": ({ a, all }) => (limitReceive(a), all.use(a.dup()).recv(9)),
  "limit_receive(a.dup()), a.recv(9)": ({ a, all }) => (limitReceive(all.use(a.dup())), a.recv(9)),
  "limit_receive(u), u.recvfrom(9)": ({ u }) => (limitReceive(u), u.recvfrom(9)),
  "limit_receive(server), server.accept()": ({ server }) => (limitReceive(server), server.accept()),
  "limit_receive(a, -1), a.recv(9)": ({ a }) => {
    a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, time(-1));
    return a.recv(9);
  },
  "limit_send(a), a.sendall(bytes(5_000_000))": ({ a }) => (limitSend(a), a.sendall(new Uint8Array(5_000_000))),
  "limit_send(a), fill(a), a.send(b'x')": async ({ a }) => (limitSend(a), await fillQueue(a), a.send("x")),
  "limit_send(a), fill(a), a.sendmsg([b'x'])": async ({ a }) => (limitSend(a), await fillQueue(a), a.sendmsg(["x"])),
  "limit_send(a), fill(a), a.sendall(b'x', MSG_DONTWAIT)": async ({ a }) => {
    limitSend(a);
    await fillQueue(a);
    return a.sendall("x", socket.MSG_DONTWAIT);
  },
  "limit_send(a), fill(a), a.settimeout(3 * SECONDS), a.sendall(b'x')": async ({ a }) => {
    limitSend(a);
    await fillQueue(a);
    a.settimeout(3 * SECONDS);
    return a.sendall("x");
  },
  "limit_send(d), fill(d, b'x'), d.send(b'x')": async ({ d }) => (limitSend(d), await fillQueue(d, "x"), d.send("x")),
  "s = limit_send(socket()), s.connect(full)": ({ full, all }) => {
    const s = all.use(socket.socket());
    limitSend(s);
    return s.connect(full);
  },
  "s = limit_send(socket()), s.connect_ex(full)": ({ full, all }) => {
    const s = all.use(socket.socket());
    limitSend(s);
    return s.connect_ex(full);
  },
  "s = limit_send(socket(AF_UNIX)), s.connect(full_unix)": ({ fullUnix, all }) => {
    const s = all.use(socket.socket(socket.AF_UNIX));
    limitSend(s);
    return s.connect(fullUnix);
  },
  "s = limit_send(socket()), s.settimeout(3 * SECONDS), s.connect(full)": ({ full, all }) => {
    const s = all.use(socket.socket());
    limitSend(s);
    s.settimeout(3 * SECONDS);
    return s.connect(full);
  },
  "want_ten(a), b.send(b'12345'), a.recv(3)": ({ a, b }) => lowWater(a, b, () => a.recv(3)),
  "want_ten(a), b.send(b'12345'), a.recv(9, MSG_DONTWAIT)": ({ a, b }) =>
    lowWater(a, b, () => a.recv(9, socket.MSG_DONTWAIT)),
  "want_ten(a), b.send(b'12345'), a.setblocking(False), a.recv(9)": ({ a, b }) =>
    lowWater(a, b, () => (a.setblocking(false), a.recv(9))),
  "want_ten(a), b.send(b'12345'), a.settimeout(SECONDS), a.recv(99)": ({ a, b }) =>
    lowWater(a, b, () => (a.settimeout(SECONDS), a.recv(99))),
  "want_ten(a), b.send(b'12345'), limit_receive(a), a.recv(99)": ({ a, b }) =>
    lowWater(a, b, () => (limitReceive(a), a.recv(99))),
  "want_ten(a), b.send(b'12345'), limit_receive(a), a.recv_into(bytearray(99))": ({ a, b }) =>
    lowWater(a, b, () => (limitReceive(a), a.recv_into(new Uint8Array(99)))),
  "want_ten(a), b.send(b'12345'), b.close(), a.recv(99)": ({ a, b }) => lowWater(a, b, () => (b.close(), a.recv(99))),
  "want_ten(a), b.send(b'12345'), b.send(b'678901'), a.recv(99)": ({ a, b }) =>
    lowWater(a, b, async () => (await b.send("678901"), a.recv(99))),
  "want_ten(a), b.send(b'12345'), [len(l) for l in select([a], [], [], SECONDS)]": ({ a, b }) =>
    lowWater(a, b, async () => (await socket.select([a], [], [], SECONDS)).map(({ length }) => length)),
  "want_ten(a), b.send(b'12345'), b.send(b'678901'), [len(l) for l in select([a], [], [], 9)]": ({ a, b }) =>
    lowWater(a, b, async () => {
      await b.send("678901");
      return (await socket.select([a], [], [], 9)).map(({ length }) => length);
    }),
};

async function lowWater<T>(a: Socket, b: Socket, then: () => T): Promise<T> {
  wantTen(a);
  await b.send("12345");
  return await then();
}

/** Sends until the queue is full. */
async function fillQueue(sock: Socket, data: string | Uint8Array = new Uint8Array(100_000)): Promise<void> {
  try {
    for (let n = 0; n < 10_000; n++) await sock.send(data, socket.MSG_DONTWAIT);
  } catch (error) {
    assert.equal((error as socket.OSError).code, "EAGAIN");
    return;
  }
  assert.fail("it takes everything");
}

const JUDGE = `
import errno, json, socket as m, struct, sys, time
from concurrent.futures import ThreadPoolExecutor
from select import select
from socket import socket, AF_UNIX, MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT
SECONDS = ${SECONDS}
def limit(s, name, seconds):
    s.setsockopt(m.SOL_SOCKET, name, struct.pack("ll", int(seconds), int((seconds - int(seconds)) * 1e6)))
    return s
def limit_receive(s, seconds=SECONDS): return limit(s, m.SO_RCVTIMEO, seconds)
def limit_send(s): return limit(s, m.SO_SNDTIMEO, SECONDS)
def want_ten(s): s.setsockopt(m.SOL_SOCKET, m.SO_RCVLOWAT, 10)
def fill(s, data=bytes(100_000)):
    try:
        while True: s.send(data, MSG_DONTWAIT)
    except BlockingIOError: pass
def plain(value):
    if isinstance(value, (bytes, bytearray)): return bytes(value).decode()
    if isinstance(value, tuple): return [plain(v) for v in value]
    return value
def ask(kind, steps):
    server = m.create_server(("127.0.0.1", 0))
    if kind == "unix": a, b = m.socketpair()
    else:
        b = m.create_connection(server.getsockname())
        a = server.accept()[0]
    u = socket(m.AF_INET, m.SOCK_DGRAM); u.bind(("127.0.0.1", 0))
    d, other = m.socketpair(AF_UNIX, m.SOCK_DGRAM)
    full_unix = "\\0judge%f" % time.time()
    lu = socket(AF_UNIX); lu.bind(full_unix); lu.listen(0)
    cu = socket(AF_UNIX); cu.connect(full_unix)
    lt = socket(); lt.bind(("127.0.0.1", 0)); lt.listen(0); full = lt.getsockname(); cs = []
    for _ in range(3):
        c = socket(); c.setblocking(False); c.connect_ex(full); cs.append(c)
    scope = {**globals(), **locals()}
    start = time.time()
    try:
        *before, last = steps
        for step in before: exec(step, scope)
        answer = plain(eval(last, scope))
    except OSError as e: answer = type(e).__name__ + ("" if e.errno is None else " %d" % e.errno)
    return [answer, time.time() - start]
def split(call):
    # At the commas that stand between steps, and not within brackets.
    steps, depth, at = [], 0, 0
    for i, c in enumerate(call):
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0: steps.append(call[at:i].strip()); at = i + 1
    return steps + [call[at:].strip()]
calls = json.loads(sys.argv[1])
with ThreadPoolExecutor(${AT_ONCE}) as pool:
    asked = {kind: {call: pool.submit(ask, kind, split(call)) for call in calls} for kind in ("tcp", "unix")}
print(json.dumps({kind: {call: one.result() for call, one in them.items()} for kind, them in asked.items()}))
`;

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return text(value);
  if (Array.isArray(value)) return value.map(plain);
  return value ?? null;
}

async function ask(kind: string, steps: Steps): Promise<[answer: unknown, seconds: number]> {
  const world = await open(kind);
  using _ = world.all;
  const start = performance.now();
  let answer: unknown;
  try {
    answer = plain(await settled(Promise.resolve(steps(world))));
  } catch (error) {
    const { name, errno } = error as socket.OSError;
    answer = errno === undefined ? name : `${name} ${errno}`;
  }
  return [answer, (performance.now() - start) / 1000];
}

/** CPython reads the calls from its standard input, because a command line would be too long. */
async function judge(): Promise<Record<string, Record<string, [answer: unknown, seconds: number]>>> {
  return await askPython(JUDGE, JSON.stringify(Object.keys(CALLS)));
}

pythonTest("native: SO_RCVTIMEO, SO_SNDTIMEO and SO_RCVLOWAT have the same effect as in CPython", async () => {
  const judging = judge();
  const outcomes: [kind: string, call: string, answer: unknown, seconds: number][] = [];
  const all = ["tcp", "unix"].flatMap((kind) => Object.entries(CALLS).map(([call, steps]) => ({ kind, call, steps })));
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let next = all.pop(); next !== undefined; next = all.pop()) {
      outcomes.push([next.kind, next.call, ...await ask(next.kind, next.steps)]);
    }
  }));
  const theirs = await judging;
  const differences = outcomes.filter(([kind, call, answer, seconds]) => {
    const [theirAnswer, theirSeconds] = theirs[kind][call];
    // A call must not end early if CPython's waits. How much later it ends depends on the machine.
    const isEarly = theirSeconds >= SECONDS && theirAnswer !== null && seconds < SECONDS * 0.9;
    return isEarly || JSON.stringify(answer) !== JSON.stringify(theirAnswer);
  });
  assert.deepEqual(differences.map((one) => [one, theirs[one[0]][one[1]]]), []);
});

Deno.test("native: a blocking receive waits for its low-water mark, also if single bytes arrive", async () => {
  for (const kind of ["tcp", "unix"]) {
    const { a, b, all } = await open(kind);
    using _ = all;
    wantTen(a);
    const receiving = a.recv(100);
    for (const part of ["123", "456", "789"]) {
      await b.sendall(part);
      await staysPending(receiving);
    }
    await b.sendall("0");
    assert.equal(text(await settled(receiving)), "1234567890", kind);
    const next = a.recv_into(new Uint8Array(100));
    await b.sendall("12345");
    await b.shutdown(socket.SHUT_WR);
    assert.equal(await settled(next), 5, kind);
  }
});

Deno.test("native: the data of a receive that was given up below the low-water mark goes to the next receive", async () => {
  for (const kind of ["tcp", "unix"]) {
    const { a, b, all } = await open(kind);
    using _ = all;
    wantTen(a);
    await b.sendall("12345");
    const controller = new AbortController();
    const receiving = a.recv(100, 0, { signal: controller.signal });
    await staysPending(receiving);
    controller.abort();
    await assert.rejects(receiving, { name: "AbortError" });
    a.setblocking(false);
    assert.equal(text(await a.recv(100)), "12345", kind);
  }
});

Deno.test("native: adopted and accepted sockets have the time limits that the kernel stores", async () => {
  const [fd, other] = await foreign();
  const theirs = socket.fromfd(fd, socket.AF_UNIX, socket.SOCK_STREAM);
  limitReceive(theirs);
  theirs.close();
  using adopted = socket.socket(-1, -1, -1, fd);
  await assert.rejects(settled(adopted.recv(1)), { name: "BlockingIOError", errno: 11 });
  other.close();

  using server = socket.create_server(["127.0.0.1", 0]);
  limitReceive(server);
  using client = await socket.create_connection(server.getsockname());
  const [conn] = await server.accept();
  await assert.rejects(settled(conn.recv(1)), { errno: 11 });
  await assert.rejects(settled(conn.recv(1)), { errno: 11 });
  await client.sendall("x");
  assert.equal(text(await conn.recv(1)), "x");
  conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, time(0));
  const receiving = conn.recv(1);
  await staysPending(receiving);
  await client.sendall("y");
  assert.equal(text(await settled(receiving)), "y");
  conn.close();
});

Deno.test("native: an abort and a close end a call that has a limit", async () => {
  const { a, all } = await open("unix");
  using _ = all;
  a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, time(3600));
  const controller = new AbortController();
  const receiving = a.recv(1, 0, { signal: controller.signal });
  await staysPending(receiving);
  controller.abort(new Error("enough"));
  await assert.rejects(receiving, { message: "enough" });
  const next = a.recv(1);
  await staysPending(next);
  a.close();
  await assert.rejects(next, { code: "EBADF" });
});
