// Shared descriptors: other processes have the same open file or its other end, or other code in this process uses a
// number.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import type { Socket } from "../native.ts";
import { foreign } from "./_foreign.ts";
import type { Program } from "./_helpers.ts";
import { pythonTest, runDeno, runPython, TemporaryDirectory } from "./_helpers.ts";
import { Listening, text } from "./conformance/fixtures.ts";

const module = JSON.stringify(import.meta.resolve("../native.ts"));

/** Receives descriptors from a Unix socket and makes their open files blocking. It ends calls that block for 10 s. */
const BLOCKING = `
import select, socket, sys
channel = socket.socket(socket.AF_UNIX)
channel.connect(sys.argv[1])
fds = socket.recv_fds(channel, 1, 16)[1]
shared = [socket.socket(fileno=fd) for fd in fds]
for s in shared: s.setblocking(True)
print("blocking")
if not select.select([sys.stdin], [], [], 10)[0]:
    for s in shared: s.shutdown(socket.SHUT_RDWR)
sys.stdin.read()
`;

/** Makes another process share sockets and clear their O_NONBLOCK. */
async function makeBlocking(sockets: Socket[]): Promise<Program> {
  using directory = new TemporaryDirectory();
  using server = socket.socket(socket.AF_UNIX);
  server.bind(directory.fresh());
  server.listen();
  const program = runPython(BLOCKING, server.getsockname() as string);
  const [channel] = await server.accept();
  await socket.send_fds(channel, ["x"], sockets.map((sock) => sock.fileno()));
  assert.equal(await program.line(), "blocking");
  channel.close();
  return program;
}

const full = new Uint8Array(1_000_000);

const CALLS: Record<string, (sock: Socket) => Promise<unknown>> = {
  recv: (sock) => sock.recv(10),
  recv_into: (sock) => sock.recv_into(new Uint8Array(10)),
  recvfrom: (sock) => sock.recvfrom(10),
  recvmsg: (sock) => sock.recvmsg(10),
  "recv with MSG_PEEK": (sock) => sock.recv(10, socket.MSG_PEEK),
  "recv with MSG_WAITALL": (sock) => sock.recv(10, socket.MSG_WAITALL),
  sendall: (sock) => sock.sendall(full),
  sendmsg: async (sock) => {
    for (let n = 0; n < 100; n++) await sock.sendmsg([full]);
  },
};

pythonTest("native: calls time out also after another process has made the socket blocking", async () => {
  const pairs: [Socket, Socket][] = [];
  for (const _ of Object.keys(CALLS)) pairs.push(await socket.socketpair());
  await using _program = await makeBlocking(pairs.map(([, sock]) => sock));
  for (const [at, [name, begin]] of Object.entries(CALLS).entries()) {
    const sock = pairs[at][1];
    sock.settimeout(0.01);
    await assert.rejects(begin(sock), { name: "TimeoutError" }, name);
  }
  for (const sock of pairs.flat()) sock.close();
});

pythonTest("native: accept times out also after another process has made the listener blocking", async () => {
  using listening = new Listening(socket, "IPv4");
  await using _program = await makeBlocking([listening.server]);
  listening.server.settimeout(0.01);
  await assert.rejects(listening.server.accept(), { name: "TimeoutError" });
  listening.server.settimeout(null);
  using client = listening.socket();
  await client.connect(listening.address);
  const [peer] = await listening.server.accept();
  peer.close();
});

/** Connects, and reads to the end when it is told to, or after 10 s. */
const LATE_READER = `
import select, socket, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("told" if select.select([sys.stdin], [], [], 10)[0] else "untold")
total = 0
while data := peer.recv(65536): total += len(data)
print(total)
`;

const LINGERING: Record<string, string> = {
  "set on it": `conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger);`,
  "set on a duplicate": `
    const copy = conn.dup();
    copy.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger);
    copy.close();
  `,
  "adopted with it": `
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger);
    const [a, b] = await socket.socketpair();
    await socket.send_fds(a, ["x"], [conn.fileno()]);
    conn.close();
    conn = socket.socket(-1, -1, -1, (await socket.recv_fds(b, 1, 1))[1][0]);
  `,
  "inherited from the listener": "",
  "closed by the number of a received descriptor": `
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger);
    const [a, b] = await socket.socketpair();
    await socket.send_fds(a, ["x"], [conn.fileno()]);
    const [fd] = (await socket.recv_fds(b, 1, 1))[1];
    const close = conn.close.bind(conn);
    conn.close = () => {
      close();
      socket.close(fd);
    };
  `,
};

for (const [how, source] of Object.entries(LINGERING)) {
  pythonTest(`native: close does not wait for an unread peer with SO_LINGER, ${how}`, async () => {
    await using program = await runDeno(`
      import * as socket from ${module};
      const linger = new Int32Array([1, 60]);
      const server = socket.create_server(["127.0.0.1", 0]);
      if (${source === ""}) server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger);
      console.log(server.getsockname()[1]);
      let [conn] = await server.accept();
      ${source}
      conn.setblocking(false);
      const data = new Uint8Array(65536);
      let total = 0;
      try {
        for (let n = 0; n < 10_000; n++) total += await conn.send(data);
      } catch (error) {
        console.log(error.code);
      }
      conn.close();
      await new Promise((resolve) => setTimeout(resolve, 0));
      console.log(total);
    `);
    await using peer = runPython(LATE_READER, await program.line());
    assert.equal(await program.line(), "EAGAIN");
    const total = await program.line();
    await peer.write("read");
    assert.equal(await peer.line(), "told");
    assert.equal(await peer.line(), total);
    assert.equal((await program.end()).code, 0);
  });
}

Deno.test("native: an epoll recognizes a foreign descriptor", async () => {
  const [fd, other] = await foreign();
  using events = socket.epoll();
  events.register(fd, socket.EPOLLIN);
  assert.throws(() => events.register(fd, socket.EPOLLIN), { code: "EEXIST" });
  assert.deepEqual(await events.poll(0), []);
  events.modify(fd, socket.EPOLLOUT);
  assert.deepEqual(await events.poll(0), [[fd, socket.EPOLLOUT]]);
  events.unregister(fd);
  assert.deepEqual(await events.poll(0), []);
  assert.throws(() => events.modify(fd, socket.EPOLLIN), { code: "ENOENT" });
  assert.throws(() => events.unregister(fd), { code: "ENOENT" });
  events.register(fd, socket.EPOLLIN);
  await other.sendall("x");
  assert.deepEqual(await events.poll(), [[fd, socket.EPOLLIN]]);
  socket.close(fd);
  other.close();
});

Deno.test("native: a registration ends at close, and a new descriptor with the number does not have it", async () => {
  const [fd, other] = await foreign();
  using events = socket.epoll();
  events.register(fd, socket.EPOLLIN);
  socket.close(fd);
  using all = new DisposableStack();
  all.use(other);
  let again: [Socket, Socket] | undefined;
  for (let n = 0; n < 64 && again === undefined; n++) {
    const [a, b] = await socket.socketpair();
    all.use(a);
    all.use(b);
    if (a.fileno() === fd) again = [a, b];
    if (b.fileno() === fd) again = [b, a];
  }
  assert(again !== undefined, "the number was used again");
  await again[1].sendall("x");
  assert.deepEqual(await events.poll(0), []);
  assert.throws(() => events.unregister(fd), { code: "ENOENT" });
  events.register(fd, socket.EPOLLIN);
  assert.deepEqual(await events.poll(), [[fd, socket.EPOLLIN]]);
  assert.equal(text(await again[0].recv(10)), "x");
});

Deno.test("native: a registration ends also if code outside of this module closes the number", async () => {
  const libc = Deno.dlopen("libc.so.6", {
    close: { parameters: ["i32"], result: "i32" },
    dup2: { parameters: ["i32", "i32"], result: "i32" },
  });
  const [fd, other] = await foreign();
  const [next, theirs] = await foreign();
  using events = socket.epoll();
  events.register(fd, socket.EPOLLIN);
  libc.symbols.close(fd);
  assert.equal(libc.symbols.dup2(next, fd), fd);
  libc.close();
  await theirs.sendall("x");
  assert.deepEqual(await events.poll(0), []);
  events.register(fd, socket.EPOLLIN);
  assert.deepEqual(await events.poll(), [[fd, socket.EPOLLIN]]);
  for (const number of [fd, next]) socket.close(number);
  for (const sock of [other, theirs]) sock.close();
});
