// One run of the chaos test: some hosts, links with random faults from the seed, and connections that are used,
// half-closed, reset, cut and crashed. It checks every byte that arrives, and the results of both ends.

import assert from "node:assert/strict";
import type { Socket } from "../../mod.ts";
import { simulate } from "../../sim.ts";
import type { Counts, LinkOptions, Net, ProgramContext, Run } from "../../sim.ts";

/** How one end of a connection ended: with all its data, or with an error. */
type Outcome = "unknown" | "complete" | "failed";

/** How a connection is used. */
const STYLES = ["lengths", "half-close", "reset by the client", "closed early by the server"] as const;

/** One connection, and the results of its two ends. */
class Exchange {
  readonly style: typeof STYLES[number];
  client: Outcome = "unknown";
  server: Outcome = "unknown";
  /** Whether the server read the end of the stream after all data. */
  sawEnd = false;
  received = 0;

  constructor(
    readonly id: number,
    style: typeof STYLES[number],
    readonly question: number,
    readonly answer: number,
    readonly start: number,
  ) {
    this.style = style;
  }
}

/** Returns the byte at a position of a stream. Shifted or repeated data has other bytes. */
function byteAt(id: number, answers: boolean, place: number): number {
  return (place * 31 + (place >> 8) * 17 + (place >> 16) * 5 + id * 7 + (answers ? 101 : 0)) & 0xff;
}

function piece(id: number, answers: boolean, start: number, size: number): Uint8Array {
  const data = new Uint8Array(size);
  for (let i = 0; i < size; i++) data[i] = byteAt(id, answers, start + i);
  return data;
}

function check(id: number, answers: boolean, start: number, data: Uint8Array): void {
  for (let i = 0; i < data.length; i++) {
    if (data[i] !== byteAt(id, answers, start + i)) {
      throw new assert.AssertionError({ message: `byte ${start + i} of connection ${id} is not what was sent` });
    }
  }
}

/** Sets options that let a connection detect that its peer does not answer. */
function prepare({ socket }: ProgramContext, sock: Socket): void {
  sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1);
  sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30);
  sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10);
  sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 8);
}

/** Sends a stream in pieces, with occasional pauses. */
async function send({ sleep, random }: ProgramContext, sock: Socket, id: number, answers: boolean, size: number) {
  for (let sent = 0; sent < size;) {
    const length = Math.min(1 + Math.floor(random() * 20_000), size - sent);
    await sock.sendall(piece(id, answers, sent, length));
    sent += length;
    if (random() < 0.1) await sleep(random() * 0.5);
  }
}

/** Receives a stream up to a size or its end. Returns the number of bytes. */
async function receive(context: ProgramContext, sock: Socket, id: number, answers: boolean, size: number) {
  let received = 0;
  while (received < size) {
    const data = await sock.recv(Math.min(1 + Math.floor(context.random() * 30_000), size - received));
    if (data.length === 0) break;
    check(id, answers, received, data);
    received += data.length;
    if (context.random() < 0.05) await context.sleep(context.random());
  }
  return received;
}

const NO_LINGER = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

async function client(context: ProgramContext, exchange: Exchange): Promise<void> {
  const { socket, sleep } = context;
  const { id, style, question, answer } = exchange;
  await sleep(exchange.start);
  using sock = socket.socket();
  sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 12);
  prepare(context, sock);
  await sock.connect(["server", 7000]);
  await sock.sendall(Uint8Array.of(id));
  if (style === "reset by the client") {
    await send(context, sock, id, false, Math.floor(question / 2));
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER);
    return;
  }
  await send(context, sock, id, false, question);
  if (style === "half-close") await sock.shutdown(socket.SHUT_WR);
  const received = await receive(context, sock, id, true, answer);
  if (style === "closed early by the server") {
    // If the server had read everything that had arrived when it closed, its close sends FIN and no reset. So the client
    // sees the end of the stream here. Its exchange has failed all the same.
    exchange.client = "failed";
    return;
  }
  assert.equal(received, answer, `the server of connection ${id} ended early, without an error`);
  if (style === "half-close") assert.equal((await sock.recv(1)).length, 0);
  exchange.client = "complete";
}

async function serve(context: ProgramContext, sock: Socket, exchanges: Exchange[]): Promise<void> {
  prepare(context, sock);
  const [id] = await sock.recv(1);
  const exchange = exchanges[id];
  const { style, question, answer } = exchange;
  try {
    if (style === "closed early by the server") {
      exchange.received = await receive(context, sock, id, false, Math.floor(question / 3));
      return;
    }
    exchange.received = await receive(context, sock, id, false, question);
    if (exchange.received < question) {
      // A reset must not look like the end of the stream.
      throw new assert.AssertionError({
        message: `connection ${id} ended after ${exchange.received} of ${question} bytes`,
      });
    }
    if (style === "half-close") assert.equal((await sock.recv(1)).length, 0);
    await send(context, sock, id, true, answer);
    if (style === "half-close") await sock.shutdown(context.socket.SHUT_WR);
    else {
      assert.equal((await sock.recv(1)).length, 0);
      exchange.sawEnd = true;
    }
    exchange.server = "complete";
  } catch (error) {
    exchange.server = "failed";
    throw error;
  } finally {
    sock.close();
  }
}

/** Figures about a run. */
export interface Chaos {
  readonly run: Run;
  readonly link: LinkOptions;
  readonly counts: Readonly<Counts>;
  readonly complete: number;
  readonly failed: number;
}

/** Errors that a connection may meet in this network. All other errors fail the run. */
const NETWORK = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNREFUSED"];

async function unlessBroken(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (!NETWORK.includes((error as { code?: string }).code ?? "")) throw error;
    return false;
  }
}

function drawLink(net: Net): LinkOptions {
  const some = (probability: number, most: number) => net.random() < probability ? net.random() * most : 0;
  return {
    latency: net.random() * 0.1,
    jitter: some(0.4, 0.05),
    loss: some(0.7, 0.1),
    duplicate: some(0.5, 0.1),
    reorder: some(0.5, 0.1),
    bandwidth: net.random() < 0.3 ? 20_000 + net.random() * 1e6 : Infinity,
    queue: 20_000 + Math.floor(net.random() * 60_000),
    mtu: net.random() < 0.3 ? 1280 : 1500,
  };
}

/** Cuts links at random times. */
async function cut(net: Net, clients: string[]): Promise<void> {
  for (let n = Math.floor(net.random() * 3); n > 0; n--) {
    await net.sleep(net.random() * 5);
    const client = clients[Math.floor(net.random() * clients.length)];
    const [from, to] = net.random() < 0.5 ? ["server", client] : [client, "server"];
    net.partition(from, to, { oneWay: net.random() < 0.5 });
    await net.sleep(net.random() < 0.8 ? net.random() * 10 : 100 + net.random() * 1500);
    net.heal(from, to);
  }
}

/** Runs one seed and checks the run. */
export async function chaos(seed: number): Promise<Chaos> {
  const exchanges: Exchange[] = [];
  let link: LinkOptions = {};
  let disturbed = false;
  const run = await simulate({ seed, limit: 100_000 }, async (net) => {
    const clients = Array.from({ length: 1 + Math.floor(net.random() * 3) }, (_, n) => `client${n}`);
    const server = net.host("server");
    for (const name of clients) net.host(name);
    link = drawLink(net);
    net.link("server", clients, link);
    server.serve(async (context) => {
      for await (const [sock] of context.socket.create_server(["", 7000], { backlog: 8 })) {
        // The connection may be reset before its first byte.
        unlessBroken(serve(context, sock, exchanges)).catch((error) => server.run(() => Promise.reject(error)));
      }
    });
    const works = [];
    for (let id = 0; id < 2 + Math.floor(net.random() * 4); id++) {
      const style = STYLES[net.random() < 0.4 ? 0 : net.random() < 0.5 ? 1 : 2 + Math.floor(net.random() * 2)];
      const size = () => Math.floor(net.random() * (net.random() < 0.2 ? 150_000 : 10_000));
      const exchange = new Exchange(id, style, size(), size(), net.random() * 3);
      exchanges.push(exchange);
      works.push(
        net.host(clients[id % clients.length]).run(async (context) => {
          if (!await unlessBroken(client(context, exchange))) exchange.client = "failed";
        }),
      );
    }
    if (net.random() < 0.5) {
      disturbed = true;
      await cut(net, clients);
    }
    if (net.random() < 0.1) {
      disturbed = true;
      await net.sleep(net.random() * 5);
      server.crash();
      await net.sleep(net.random() * 3);
      server.restart();
    }
    await Promise.all(works);
    // Lets the handlers that still run at the server end too.
    net.heal("server", clients);
    await net.sleep(3000);
  });
  for (const exchange of exchanges) verify(exchange, disturbed);
  checkCounts(run);
  const complete = exchanges.filter(({ client }) => client === "complete").length;
  const failed = exchanges.filter(({ client }) => client === "failed").length;
  return { run, link, counts: run.counts, complete, failed };
}

/** Checks that the results of the two ends do not contradict each other. */
function verify({ id, style, client, server, received, question, sawEnd }: Exchange, disturbed: boolean): void {
  const what = `connection ${id}, ${style}: the client's end is ${client}, the server's ${server}`;
  if (style === "reset by the client" || style === "closed early by the server") {
    assert.notEqual(client, "complete", what);
    assert.notEqual(server, "complete", what);
    assert.ok(received <= question, what);
    return;
  }
  assert.notEqual(client, "unknown", `${what}: it has not ended`);
  // The server answers after the whole request. So the client knows that the request arrived.
  if (client === "complete") assert.equal(received, question, what);
  // The client ends the stream after the whole answer. So the server knows that the answer arrived.
  if (sawEnd) assert.equal(client, "complete", what);
  if (server === "failed" && style === "half-close") assert.equal(client, "failed", what);
  if (!disturbed) {
    assert.equal(client, "complete", `${what}, on links that only lose, delay and double`);
    assert.equal(server, "complete", `${what}, on links that only lose, delay and double`);
  }
}

/** Checks that the counts agree with the trace. */
function checkCounts({ packets, counts }: Run): void {
  const fates = (fate: string) => packets.filter((packet) => packet.fate === fate).length;
  assert.equal(counts.lost, fates("lost"));
  assert.equal(counts.dropped, fates("dropped"));
  assert.equal(counts.partitioned, fates("partitioned"));
  assert.equal(counts.delivered, fates("delivered"));
  assert.equal(counts.duplicated, packets.filter(({ duplicate }) => duplicate).length);
  assert.equal(counts.reordered, packets.filter(({ overtaken }) => overtaken).length);
}
