// Small buffers, slow or stopped readers, and floods: the data stays complete and in order, and memory stays bounded.

import assert from "node:assert/strict";
import * as native from "../../native.ts";
import { runDeno, runPython } from "../_helpers.ts";
import type { Subject } from "../conformance/fixtures.ts";

/** Returns the byte at a position of a stream. The bytes have no short period. */
const byteAt = (place: number): number => (place * 31 + (place >> 8) * 17 + (place >> 16)) & 255;

/** Code with which a program measures the growth of its memory and its processor time. */
const MEASURE = `
  const MB = 1 << 20;
  const start = { rss: Deno.memoryUsage().rss, cpu: process.cpuUsage(), time: performance.now() };
  let peak = start.rss;
  const sampling = setInterval(() => peak = Math.max(peak, Deno.memoryUsage().rss), 10);
  /** Ends the program and prints the growth in MB and the share of a processor that it used. */
  function report(more = {}): never {
    clearInterval(sampling);
    const { user, system } = process.cpuUsage(start.cpu);
    const busy = (user + system) / 1000 / (performance.now() - start.time);
    console.log(JSON.stringify({ grown: (Math.max(peak, Deno.memoryUsage().rss) - start.rss) / MB, busy, ...more }));
    Deno.exit();
  }
`;

/** The limit for the growth of a process that sends a gigabyte. It includes garbage that is not collected yet. */
const GROWTH_MB = 96;

export function flowSuite({ name, module: m, url }: Subject): void {
  const test = (what: string, fn: () => Promise<void>) => Deno.test(`${name}: ${what}`, fn);
  const imports = `import * as m from ${JSON.stringify(url)};\n`;

  test("the data of a sendall through small buffers to a slow reader arrives complete and in order", async () => {
    using server = native.socket();
    server.setsockopt(native.SOL_SOCKET, native.SO_RCVBUF, 1);
    server.bind(["127.0.0.1", 0]);
    server.listen();
    using client = m.socket();
    if (name === "native") client.setsockopt(m.SOL_SOCKET, m.SO_SNDBUF, 1);
    await client.connect(server.getsockname());
    using peer = (await server.accept())[0];
    const data = new Uint8Array(300_000).map((_, place) => byteAt(place));
    const sending = client.sendall(data).then(() => client.shutdown(m.SHUT_WR));
    let place = 0;
    for (let size = 1;; size = size * 7 % 4093 + 1) {
      const chunk = await peer.recv(size);
      if (chunk.length === 0) break;
      for (const byte of chunk) assert.equal(byte, byteAt(place++));
    }
    await sending;
    assert.equal(place, data.length);
  });

  test("a send returns how many bytes the kernel has accepted", async () => {
    using server = native.socket();
    server.setsockopt(native.SOL_SOCKET, native.SO_RCVBUF, 1);
    server.bind(["127.0.0.1", 0]);
    server.listen();
    using client = m.socket();
    await client.connect(server.getsockname());
    using peer = (await server.accept())[0];
    const data = new Uint8Array(8 << 20).map((_, place) => byteAt(place));
    let sent = 0;
    let sends = 0;
    const sending = (async () => {
      for (; sent < data.length; sends++) sent += await client.send(data.subarray(sent));
      await client.shutdown(m.SHUT_WR);
    })();
    let place = 0;
    for await (const chunk of peer) {
      for (const byte of chunk) if (byte !== byteAt(place++)) assert.fail(`byte ${place - 1} is ${byte}`);
    }
    await sending;
    assert.equal(place, data.length);
    assert.ok(sends > 1);
  });

  test("a non-blocking call throws EAGAIN only if the kernel does, also after many such calls", async () => {
    const [one, other] = await m.socketpair();
    other.setblocking(false);
    // This is more than any backend receives in one turn of the event loop.
    for (let i = 0; i < 2000; i++) {
      await one.send("x");
      assert.equal((await other.recv(1)).length, 1);
    }
    using datagrams = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    datagrams.setblocking(false);
    for (let i = 0; i < 2000; i++) {
      await assert.rejects(datagrams.sendto("x", "/dev/null/nobody"), { code: "ENOTDIR" });
    }
    one.close();
    other.close();
  });

  test("sending a gigabyte to a stopped reader uses bounded memory and little processor time", async () => {
    await using program = await runDeno(`
      ${imports}
      const server = m.create_server(["127.0.0.1", 0]);
      const client = await m.create_connection(server.getsockname());
      const [stopped] = await server.accept();
      ${MEASURE}
      const gone = new AbortController();
      // As one chunk, and as a thousand chunks that wait in the lane. The chunk is zeros, for which the kernel needs
      // one page only.
      const gigabyte = new Uint8Array(1024 * MB);
      const piece = new Uint8Array(MB);
      const sends = [client.sendall(gigabyte, 0, { signal: gone.signal })];
      for (let i = 0; i < 1024; i++) sends.push(client.sendall(piece, 0, { signal: gone.signal }));
      // The processor time of a waiting process can only be measured over time: there is no event to wait for.
      await new Promise((resolve) => setTimeout(resolve, 500));
      gone.abort();
      const settled = await Promise.allSettled(sends);
      const rejected = settled.filter(({ status }) => status === "rejected").length;
      report({ rejected, open: stopped.fileno() >= 0 });
    `);
    const { grown, busy, rejected } = await program.json();
    assert.equal(rejected, 1025);
    assert.ok(grown < GROWTH_MB, `grew by ${grown} MB`);
    assert.ok(busy < 0.7, `took ${busy} of a processor`);
  });

  test("a web stream to a stopped reader stops its source", async () => {
    await using program = await runDeno(`
      ${imports}
      const server = m.create_server(["127.0.0.1", 0]);
      const client = await m.create_connection(server.getsockname());
      const [stopped] = await server.accept();
      ${MEASURE}
      let pulled = 0;
      const source = new ReadableStream({
        pull(controller) {
          pulled++;
          controller.enqueue(new Uint8Array(MB));
          if (pulled === 1024) controller.close();
        },
      });
      const gone = new AbortController();
      const piping = source.pipeTo(client.writable, { signal: gone.signal, preventAbort: true }).catch(() => {});
      // After this many turns without progress, the kernel's buffers are full.
      for (let turns = 0, before = -1; turns < 2000; turns++, before = pulled) {
        if (pulled !== before) turns = 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
      report({ pulled, open: stopped.fileno() >= 0, piping: typeof piping });
    `);
    const { grown, pulled } = await program.json();
    assert.ok(pulled < 64, `pulled ${pulled} MB`);
    assert.ok(grown < GROWTH_MB, `grew by ${grown} MB`);
  });

  test("a peer that does not receive stops its sender, whether its socket is polled or not", async () => {
    await using sender = runPython(`
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1])
data = bytes(1 << 20)
sent = 0
conns = [server.accept()[0] for _ in range(3)]
for conn in conns[:2]:
  conn.settimeout(0.3)
  try:
    for _ in range(1024):
      sent += conn.send(data)
  except TimeoutError:
    pass
print(sent)
conns[2].close()
sys.stdin.read()
`);
    const port = await sender.json();
    await using program = await runDeno(`
      ${imports}
      const connect = () => m.create_connection(["127.0.0.1", ${port}]);
      const [quiet, watched, end] = [await connect(), await connect(), await connect()];
      ${MEASURE}
      // One of the two sockets is polled all the time, and neither is read.
      for (;;) {
        const [readable] = await m.select([watched, end], [], [], 1);
        if (readable.includes(end)) break;
        // This is the interval of polling.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (quiet.fileno() < 0) throw new Error("closed");
      report();
    `);
    const { grown } = await program.json();
    const sent = await sender.json();
    assert.ok(sent < 64 << 20, `${sent} bytes were taken`);
    assert.ok(grown < GROWTH_MB, `grew by ${grown} MB`);
  });

  test("the kernel drops a flood of datagrams, and the socket works afterwards", async () => {
    await using program = await runDeno(`
      ${imports}
      const quiet = m.socket(m.AF_INET, m.SOCK_DGRAM);
      const busy = m.socket(m.AF_INET, m.SOCK_DGRAM);
      for (const sock of [quiet, busy]) sock.bind(["127.0.0.1", 0]);
      console.log(JSON.stringify([quiet, busy].map((sock) => sock.getsockname()[1])));
      ${MEASURE}
      let count = 0;
      let wrong = 0;
      for await (const [data] of busy) {
        const text = new TextDecoder().decode(data);
        if (text === "end") break;
        if (data.length !== 1000) wrong++;
        count++;
      }
      // The paused socket gets what its queue holds. Then it works as usual.
      let queued = 0;
      quiet.setblocking(false);
      for (;;) {
        try {
          await quiet.recv(2000);
          queued++;
        } catch {
          break;
        }
      }
      quiet.setblocking(true);
      await busy.sendto("hello", quiet.getsockname());
      const [data] = await quiet.recvfrom(10);
      report({ count, wrong, queued, text: new TextDecoder().decode(data) });
    `);
    const [quiet, busy] = await program.json();
    await using flood = runPython(
      `
import socket, sys, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ports = [int(port) for port in sys.argv[1:]]
for _ in range(50000):
  for port in ports:
    sock.sendto(bytes(1000), ("127.0.0.1", port))
# Again and again: this one may be dropped as well.
while True:
  sock.sendto(b"end", ("127.0.0.1", ports[1]))
  time.sleep(0.01)
`,
      quiet,
      busy,
    );
    const { grown, count, wrong, queued, text } = await program.json();
    assert.equal(text, "hello");
    assert.equal(wrong, 0);
    assert.ok(count > 0 && count <= 50000);
    assert.ok(queued > 0 && queued < 5000, `${queued} datagrams were kept`);
    assert.ok(grown < GROWTH_MB, `grew by ${grown} MB`);
    assert.ok(flood.pid > 0);
  });
}
