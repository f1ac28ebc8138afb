// Faults of listeners: full queues, queued connections at the close, no free descriptors, a removed path.

import assert from "node:assert/strict";
import type { Socket } from "../../mod.ts";
import { Program } from "../_helpers.ts";
import { declare, failure, Listening, text } from "../conformance/fixtures.ts";
import type { Module, Subject } from "../conformance/fixtures.ts";
import { turn } from "./raw.ts";

/** More clients than any backlog here. */
const MOST_CLIENTS = 5000;

/** Connects clients until one has to wait because the queue is full. Returns all clients. The last one waits. */
async function fillQueue(m: Module, all: Listening): Promise<Socket[]> {
  const clients: Socket[] = [];
  while (clients.length < MOST_CLIENTS) {
    const client = all.socket();
    clients.push(client);
    client.settimeout(0);
    const code = (await failure(() => client.connect(all.address)))?.code;
    if (code === "EAGAIN") return clients;
    assert.ok(code === undefined || code === "EINPROGRESS", code);
    // Over loopback, the kernel answers the SYN at once or drops it.
    const [, [connected]] = await m.select([], [client], [], 0.05);
    if (connected === undefined) return clients;
  }
  assert.fail("the queue is never full");
}

/** Runs a program with a low limit of descriptors. */
function withFewDescriptors(source: string): Program {
  const directory = Deno.makeTempDirSync();
  const path = `${directory}/program.ts`;
  Deno.writeTextFileSync(path, `Deno.removeSync(${JSON.stringify(directory)}, { recursive: true });\n${source}`);
  const command =
    'ulimit -n 256 && DENO_NO_UPDATE_CHECK=1 exec "$0" run --allow-all --unstable-net --no-lock --no-check "$1"';
  return new Program("sh", ["-c", command, Deno.execPath(), path]);
}

export function listenerSuite(subject: Subject): void {
  const { module: m, url } = subject;
  const test = declare(subject);

  test("a connect to a full TCP queue times out, and continues when there is room", async () => {
    using all = new Listening(m, "IPv4", 1);
    const clients = await fillQueue(m, all);
    using late = all.socket();
    late.settimeout(0.05);
    assert.ok(await failure(() => late.connect(all.address)) instanceof m.TimeoutError);
    // There is room for one connection. The SYN of the next client is dropped, and repeated after a second.
    const connected: Socket[] = [];
    const waiting = m.select([], [clients.at(-1)!], []);
    for (let i = 0; i < clients.length; i++) connected.push((await all.server.accept())[0]);
    await waiting;
    assert.deepEqual(clients.at(-1)!.getpeername(), all.address);
    for (const sock of [...clients, ...connected]) sock.close();
  });

  test("a full Unix queue makes connect wait until there is room", async () => {
    using all = new Listening(m, "Unix", 1);
    const clients = await fillQueue(m, all);
    using late = all.socket();
    const waiting = late.connect(all.address);
    await turn();
    const connected: Socket[] = [];
    for (let i = 0; i < clients.length; i++) connected.push((await all.server.accept())[0]);
    await waiting;
    await late.sendall("in");
    assert.equal(text(await connected.at(-1)!.recv(10)), "in");
    for (const sock of [...clients, ...connected]) sock.close();
  });

  for (const family of ["IPv4", "Unix"] as const) {
    test(`closing a ${family} listener resets the queued connections`, async () => {
      const all = new Listening(m, family);
      using one = all.socket();
      using other = all.socket();
      await one.connect(all.address);
      await other.connect(all.address);
      all[Symbol.dispose]();
      for (const client of [one, other]) {
        const result = await client.recv(1).then((data) => data.length, (error) => error.code);
        assert.ok(result === "ECONNRESET" || result === 0, String(result));
      }
      using late = all.socket();
      const code = (await failure(() => late.connect(all.address)))?.code;
      assert.equal(code, family === "Unix" ? "ENOENT" : "ECONNREFUSED");
    });
  }

  test("after a Unix path was removed, new connections fail and present ones continue", async () => {
    using all = new Listening(m, "Unix");
    using client = all.socket();
    await client.connect(all.address);
    using queued = all.socket();
    await queued.connect(all.address);
    Deno.removeSync(all.address);
    using late = all.socket();
    assert.equal((await failure(() => late.connect(all.address)))?.code, "ENOENT");
    const [first] = await all.server.accept();
    const [second] = await all.server.accept();
    await client.sendall("hello");
    assert.equal(text(await first.recv(10)), "hello");
    first.close();
    second.close();
    // Closing the listener works too.
    all.server.close();
  });

  test("EMFILE: accept throws and loses no connection, and a loop pauses and continues", async () => {
    await using program = withFewDescriptors(`
      import * as m from ${JSON.stringify(url)};
      const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      // This opens what the process needs later: the modules and the reactor.
      process.cpuUsage();
      // Deno panics if its signal handling starts without free descriptors.
      Deno.addSignalListener("SIGUSR2", () => {});
      const server = m.create_server(["127.0.0.1", 0]);
      const address = server.getsockname();
      const warm = await m.create_connection(address);
      (await server.accept())[0].close();
      warm.close();
      const clients = [await m.create_connection(address), await m.create_connection(address)];

      const hoard: Deno.FsFile[] = [];
      for (;;) {
        try {
          hoard.push(Deno.openSync("/dev/null"));
        } catch {
          break;
        }
      }
      const code = await server.accept().then(() => "accepted", (error) => error.code);
      const accepted: m.Socket[] = [];
      const loop = (async () => {
        for await (const [conn] of server) {
          accepted.push(conn);
          if (accepted.length === 2) break;
        }
      })();
      const before = process.cpuUsage();
      const start = performance.now();
      await wait(500);
      const { user, system } = process.cpuUsage(before);
      const elapsed = performance.now() - start;
      const busy = (user + system) / 1000 / elapsed;
      const meanwhile = accepted.length;
      for (const file of hoard.splice(0)) file.close();
      await loop;
      for (const [i, client] of clients.entries()) await client.sendall(String(i));
      const texts = await Promise.all(accepted.map(async (conn) => new TextDecoder().decode(await conn.recv(1))));
      console.log(JSON.stringify({ code, meanwhile, texts, spins: busy > 0.5 ? busy : false }));
      for (const sock of [server, ...clients, ...accepted]) sock.close();
      Deno.exit();
    `);
    assert.deepEqual(await program.json(), { code: "EMFILE", meanwhile: 0, texts: ["0", "1"], spins: false });
    assert.equal((await program.end()).code, 0);
  });

  test("EMFILE: socket, connect and bind throw it", async () => {
    await using program = withFewDescriptors(`
      import * as m from ${JSON.stringify(url)};
      const server = m.create_server(["127.0.0.1", 0]);
      const address = server.getsockname();
      const hoard: Deno.FsFile[] = [];
      for (;;) {
        try {
          hoard.push(Deno.openSync("/dev/null"));
        } catch {
          break;
        }
      }
      const codes: (string | undefined)[] = [];
      for (const use of [(s: m.Socket) => s.connect(address), (s: m.Socket) => s.bind(["127.0.0.1", 0])]) {
        try {
          using sock = m.socket();
          await use(sock);
          codes.push(undefined);
        } catch (error) {
          codes.push((error as m.OSError).code);
        }
      }
      for (const file of hoard.splice(0)) file.close();
      using sock = m.socket();
      await sock.connect(address);
      console.log(JSON.stringify(codes));
      server.close();
    `);
    assert.deepEqual(await program.json(), ["EMFILE", "EMFILE"]);
    assert.equal((await program.end()).code, 0);
  });
}
