// O_NONBLOCK of adopted descriptors. The flag belongs to the open file, which others share: the parent process, or
// another user of the same descriptor. It keeps its value, except that accept may set it and restores it later.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import type { Socket } from "../native.ts";
import { pythonTest, runPython } from "./_helpers.ts";
import { settled, staysPending, text } from "./conformance/fixtures.ts";

const native = import.meta.resolve("../native.ts");

/** Blocking descriptors, as other programs make them. */
class Blocking implements Disposable {
  readonly #libc = Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
    dup: { parameters: ["i32"], result: "i32" },
    listen: { parameters: ["i32", "i32"], result: "i32" },
  });
  readonly #open: number[] = [];

  #note(fd: number): number {
    assert(fd >= 0);
    this.#open.push(fd);
    return fd;
  }

  socket(family: number, type: number): number {
    return this.#note(this.#libc.symbols.socket(family, type, 0));
  }

  pair(): [number, number] {
    const fds = new Int32Array(2);
    assert.equal(this.#libc.symbols.socketpair(socket.AF_UNIX, socket.SOCK_STREAM, 0, fds), 0);
    return [this.#note(fds[0]), this.#note(fds[1])];
  }

  /** A listener on a free port. */
  listener(): number {
    const fd = this.socket(socket.AF_INET, socket.SOCK_STREAM);
    assert.equal(this.#libc.symbols.listen(fd, 16), 0);
    return fd;
  }

  /** A duplicate, which shows the flags after the descriptor itself was closed. */
  watch(fd: number): number {
    return this.#note(this.#libc.symbols.dup(fd));
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open) {
      try {
        // By the module, which still knows an adopted descriptor after its detach.
        socket.close(fd);
      } catch (error) {
        assert.equal((error as socket.OSError).code, "EBADF", "it was closed already");
      }
    }
    this.#libc.close();
  }
}

function isNonBlocking(fd: number): boolean {
  const flags = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`).match(/flags:\s*(\d+)/)![1];
  return (parseInt(flags, 8) & 0o4000) !== 0;
}

const adopt = (fd: number) => socket.socket(-1, -1, -1, fd);

Deno.test("native: an adopted connection stays blocking, and its calls do not block the thread", async () => {
  using blocking = new Blocking();
  const fds = blocking.pair();
  const [a, b] = fds.map(adopt);
  const copy = a.dup();
  a.settimeout(0.01);
  await assert.rejects(a.recv(1), { name: "TimeoutError" });
  await assert.rejects(a.recvmsg(1), { name: "TimeoutError" });
  await assert.rejects(a.recvfrom(1), { name: "TimeoutError" });
  await assert.rejects(a.sendall(new Uint8Array(5_000_000)), { name: "TimeoutError" });
  copy.setblocking(false);
  await assert.rejects(copy.recv(1), { code: "EAGAIN" });
  assert.deepEqual(await socket.select([a], [], [], 0.01), [[], [], []]);
  await b.sendall("x");
  assert.equal(text(await copy.recv(1)), "x");
  const seen = blocking.watch(fds[0]);
  assert.deepEqual([...fds, seen].map(isNonBlocking), [false, false, false]);
  copy.close();
  for (const sock of [a, b]) sock.detach();
  assert.deepEqual([...fds, seen].map(isNonBlocking), [false, false, false]);
});

/** Ways to give a descriptor back. */
const ENDS: Record<string, (sock: Socket) => void> = {
  close: (sock) => sock.close(),
  detach: (sock) => void sock.detach(),
  "close of its number": (sock) => socket.close(sock.fileno()),
};

for (const [how, giveBack] of Object.entries(ENDS)) {
  Deno.test(`native: a blocking listener stays blocking until a connection arrives, and is blocking again after ${how}`, async () => {
    using blocking = new Blocking();
    const fd = blocking.listener();
    const seen = blocking.watch(fd);
    const server = adopt(fd);
    server.settimeout(0.01);
    await assert.rejects(server.accept(), { name: "TimeoutError" });
    server.setblocking(false);
    await assert.rejects(server.accept(), { code: "EAGAIN" });
    server.setblocking(true);
    const accepting = server.accept();
    await staysPending(accepting);
    assert.equal(isNonBlocking(seen), false, "while it waits");
    const [, port] = server.getsockname();
    using client = await socket.create_connection(["127.0.0.1", port]);
    const [conn] = await settled(accepting);
    await client.sendall("x");
    assert.equal(text(await conn.recv(1)), "x");
    conn.close();
    giveBack(server);
    assert.equal(isNonBlocking(seen), false, "when it is given back");
  });
}

Deno.test("native: a listener is blocking again after duplicates have accepted in turn", async () => {
  using blocking = new Blocking();
  const fd = blocking.listener();
  const copies = [1, 2].map(() => socket.fromfd(fd, socket.AF_INET, socket.SOCK_STREAM));
  copies.push(copies[0].dup());
  const [, port] = copies[0].getsockname();
  for (const copy of copies) {
    using client = await socket.create_connection(["127.0.0.1", port]);
    const [conn] = await copy.accept();
    conn.close();
    client.close();
  }
  // This duplicate is adopted while the flag is set. It must not be taken for a non-blocking file.
  copies.push(socket.fromfd(fd, socket.AF_INET, socket.SOCK_STREAM));
  copies[1].close();
  using client = await socket.create_connection(["127.0.0.1", port]);
  const [conn] = await copies[3].accept();
  conn.close();
  client.close();
  for (const copy of copies) copy.close();
  assert.equal(isNonBlocking(fd), false);
});

Deno.test("native: connects of adopted sockets do not block the thread, and leave the sockets blocking", async () => {
  using blocking = new Blocking();
  using server = socket.create_server(["127.0.0.1", 0]);
  const stream = blocking.socket(socket.AF_INET, socket.SOCK_STREAM);
  const datagrams = blocking.socket(socket.AF_INET, socket.SOCK_DGRAM);
  const refused = blocking.socket(socket.AF_INET, socket.SOCK_STREAM);
  const [, port] = server.getsockname();
  const sockets = [stream, datagrams, refused].map(adopt);
  await sockets[0].connect(["127.0.0.1", port]);
  await sockets[1].connect(["127.0.0.1", port]);
  const gone = socket.create_server(["127.0.0.1", 0]);
  const address = gone.getsockname();
  gone.close();
  await assert.rejects(sockets[2].connect(address), { code: "ECONNREFUSED" });
  assert.deepEqual([stream, datagrams, refused].map(isNonBlocking), [false, false, false]);
  for (const sock of sockets) sock.detach();
  assert.deepEqual([stream, datagrams, refused].map(isNonBlocking), [false, false, false]);
});

Deno.test("native: a connect of an adopted socket that has to wait does not block the thread", async () => {
  using blocking = new Blocking();
  const path = `\0${crypto.randomUUID()}`;
  using server = socket.socket(socket.AF_UNIX);
  server.bind(path);
  server.listen(0);
  using first = socket.socket(socket.AF_UNIX);
  await first.connect(path);
  const fd = blocking.socket(socket.AF_UNIX, socket.SOCK_STREAM);
  const second = adopt(fd);
  const connecting = second.connect(path);
  await staysPending(connecting);
  assert.equal(isNonBlocking(fd), false);
  const [conn] = await server.accept();
  await settled(connecting);
  conn.close();
  second.detach();
});

Deno.test("native: an adopted descriptor that was non-blocking stays non-blocking", async () => {
  using server = socket.create_server(["127.0.0.1", 0]);
  using blocking = new Blocking();
  const fd = blocking.watch(server.fileno());
  const adopted = adopt(fd);
  using client = await socket.create_connection(server.getsockname());
  const [conn] = await adopted.accept();
  conn.close();
  client.close();
  adopted.detach();
  assert.equal(isNonBlocking(fd), true);
});

Deno.test("native: accept on an adopted socket that does not listen is an error, and does not wait", async () => {
  using blocking = new Blocking();
  const datagrams = adopt(blocking.socket(socket.AF_INET, socket.SOCK_DGRAM));
  await assert.rejects(settled(datagrams.accept()), { code: "EOPNOTSUPP" });
  datagrams.detach();
  const stream = adopt(blocking.socket(socket.AF_INET, socket.SOCK_STREAM));
  await assert.rejects(settled(stream.accept()), { code: "EINVAL" });
  stream.detach();
});

/** A parent process that keeps the listener on which its child accepts. */
const PARENT = `
import fcntl, os, socket, subprocess, sys
server = socket.create_server(("127.0.0.1", 0))
fd = server.fileno()
child = subprocess.Popen([*sys.argv[1:], str(fd)], pass_fds=[fd], stdout=subprocess.PIPE, text=True)
assert child.stdout.readline() == "ready\\n"
client = socket.create_connection(server.getsockname())
assert client.recv(10) == b"served"
assert child.wait() == 0
print("non-blocking" if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK else "blocking", flush=True)
`;

const CHILD = (end: string) => `
  import * as socket from ${JSON.stringify(native)};
  const server = socket.socket(-1, -1, -1, Number(Deno.args[0]));
  console.log("ready");
  const [conn] = await server.accept();
  await conn.sendall("served");
  conn.close();
  ${end}
`;

for (const [how, end] of [["by itself", ""], ["by Deno.exit", "Deno.exit();"]]) {
  pythonTest(`native: a parent's listener is blocking after its child has ended ${how}`, async () => {
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(file, CHILD(end));
    try {
      await using parent = runPython(PARENT, Deno.execPath(), "run", "-A", "--no-check", "--no-lock", file);
      assert.equal(await settled(parent.line(), 60_000), "blocking");
    } finally {
      await Deno.remove(file);
    }
  });
}

/** A child process that adopts its standard output, which is a socket. */
const WRITER = `
  import * as socket from ${JSON.stringify(native)};
  const out = socket.socket(-1, -1, -1, 1);
  await out.sendall("sent\\n");
  // The queue is full and nothing reads yet: a write to a non-blocking file would throw WouldBlock.
  console.error("writing");
  Deno.stdout.writeSync(new Uint8Array(1_000_000));
`;

pythonTest("native: standard output works as before after it was adopted as a socket", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, WRITER);
  try {
    await using parent = runPython(
      `
import socket, subprocess, sys
a, b = socket.socketpair()
child = subprocess.Popen(sys.argv[1:], stdout=b, stderr=subprocess.PIPE, text=True)
b.close()
assert child.stderr.readline() == "writing\\n"
total = 0
while data := a.recv(65536): total += len(data)
print(total, child.wait(), child.stderr.read().strip())
`,
      Deno.execPath(),
      "run",
      "-A",
      "--no-check",
      "--no-lock",
      file,
    );
    assert.equal(await settled(parent.line(), 60_000), "1000005 0 ");
  } finally {
    await Deno.remove(file);
  }
});
