// Kinds of traffic. A round opens its sockets, exchanges data, suffers a fault, checks the received data, and closes.

import type { Socket } from "../../mod.ts";
import * as native from "../../native.ts";
import type { Module } from "../conformance/fixtures.ts";
import type { Random } from "../fuzz/random.ts";

/** What a round uses. */
export interface Place {
  m: Module;
  r: Random;
  /** A directory for Unix sockets. */
  directory: string;
  /** Counts bytes that arrived. */
  count(bytes: number): void;
}

/** The byte at a position of a stream. */
const byteAt = (place: number): number => (place * 31 + (place >> 8) * 17) & 255;

function pattern(length: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(length);
  for (let place = 0; place < length; place++) data[place] = byteAt(place);
  return data;
}

const PATTERN = pattern(1 << 20);
let paths = 0;

/** A listening socket of TCP or AF_UNIX. */
function listen({ m, r, directory }: Place): Socket {
  const unix = r.below(3) === 0;
  const server = m.socket(unix ? m.AF_UNIX : m.AF_INET);
  server.bind(unix ? `${directory}/${++paths}` : ["127.0.0.1", 0]);
  server.listen();
  return server;
}

/** Two ends of a connection, and their listener. */
async function connect(place: Place): Promise<[client: Socket, peer: Socket, server: Socket]> {
  const server = listen(place);
  const client = place.m.socket(server.family);
  const accepted = server.accept();
  await client.connect(server.getsockname());
  const [peer] = await accepted;
  return [client, peer, server];
}

/** Checks received bytes against the pattern. */
function check(data: Uint8Array, place: number): void {
  for (let i = 0; i < data.length; i += 97) {
    if (data[i] !== byteAt(place + i)) throw new Error(`byte ${place + i} is ${data[i]}`);
  }
}

/** A long send that is received in pieces of any size. Some receives are given up. */
async function bulk(place: Place): Promise<void> {
  const { r, m } = place;
  const [client, peer, server] = await connect(place);
  const length = 1 + r.below(PATTERN.length);
  const sending = client.sendall(PATTERN.subarray(0, length)).then(() => client.shutdown(m.SHUT_WR));
  let at = 0;
  for (;;) {
    const signal = r.below(10) === 0 ? AbortSignal.timeout(r.below(3)) : undefined;
    try {
      const data = await peer.recv(1 + r.below(200_000), 0, { signal });
      if (data.length === 0) break;
      check(data, at);
      at += data.length;
      place.count(data.length);
    } catch (error) {
      if (error !== signal?.reason) throw error;
    }
  }
  await sending;
  if (at !== length) throw new Error(`${at} of ${length} bytes arrived`);
  for (const sock of [client, peer, server]) sock.close();
}

/** Many short requests and answers, some of them after a select. */
async function echo(place: Place): Promise<void> {
  const { r, m } = place;
  const [client, peer, server] = await connect(place);
  const answering = (async () => {
    for await (const data of peer) await peer.sendall(data);
    peer.close();
  })();
  for (let i = 20 + r.below(200); i > 0; i--) {
    const size = 1 + r.below(2000);
    await client.sendall(PATTERN.subarray(0, size));
    if (r.below(4) === 0) await m.select([client], [], []);
    const data = await client.recv(size, m.MSG_WAITALL);
    if (data.length !== size) throw new Error(`${data.length} of ${size} bytes came back`);
    check(data, 0);
    place.count(size);
  }
  client.close();
  await answering;
  server.close();
}

/** Lines through files of `makefile`. */
async function lines(place: Place): Promise<void> {
  const { r } = place;
  const [client, peer, server] = await connect(place);
  const out = client.makefile("w");
  const count = r.below(200);
  const writing = (async () => {
    for (let i = 0; i < count; i++) await out.write(`line ${i} 世界\n`);
    await out.close();
    client.close();
  })();
  let i = 0;
  const file = peer.makefile("r");
  for await (const line of file) {
    if (line !== `line ${i++} 世界\n`) throw new Error(`line ${i - 1} is ${JSON.stringify(line)}`);
    place.count(line.length);
  }
  if (i !== count) throw new Error(`${i} of ${count} lines`);
  await writing;
  await file.close();
  for (const sock of [peer, server]) sock.close();
}

/** Datagrams, some of which may be lost. */
async function datagrams(place: Place): Promise<void> {
  const { r, m } = place;
  const server = m.socket(m.AF_INET, m.SOCK_DGRAM);
  server.bind(["127.0.0.1", 0]);
  const client = m.socket(m.AF_INET, m.SOCK_DGRAM);
  server.settimeout(0.05);
  for (let i = r.below(300); i > 0; i--) {
    await client.sendto(PATTERN.subarray(0, 1 + r.below(1400)), server.getsockname());
    if (r.below(20) === 0) continue;
    try {
      const [data] = await server.recvfrom(2000);
      check(data, 0);
      place.count(data.length);
    } catch (error) {
      if (!(error instanceof m.TimeoutError)) throw error;
    }
  }
  client.close();
  server.close();
}

/** A peer that resets the connection during other calls. */
async function resets(place: Place): Promise<void> {
  const { r, m } = place;
  const server = m.create_server(["127.0.0.1", 0]);
  const peer = await native.create_connection(server.getsockname());
  const [sock] = await server.accept();
  const calls = [
    () => sock.recv(10),
    () => sock.sendall(PATTERN),
    () => m.select([sock], [], [], 5),
    () => sock.recv(10),
  ].slice(r.below(3));
  const ended = Promise.allSettled(calls.map((call) => call()));
  await new Promise((resolve) => setTimeout(resolve, r.below(4)));
  peer.setsockopt(native.SOL_SOCKET, native.SO_LINGER, new Int32Array([1, 0]));
  peer.close();
  await new Promise((resolve) => setTimeout(resolve, r.below(4)));
  sock.close();
  await ended;
  server.close();
}

/** Connections that are queued, closed, given up and refused. */
async function churn(place: Place): Promise<void> {
  const { r, m } = place;
  const server = listen(place);
  const address = server.getsockname();
  const clients = Array.from({ length: 1 + r.below(20) }, () => m.socket(server.family));
  const connects = clients.map((client) => {
    const signal = r.below(3) === 0 ? AbortSignal.timeout(r.below(2)) : undefined;
    return client.connect(address, { signal });
  });
  const accepts = clients.map(() => server.accept());
  for (const client of clients) if (r.below(4) === 0) client.close();
  const ended = Promise.allSettled(accepts);
  await Promise.allSettled(connects);
  await new Promise((resolve) => setTimeout(resolve, r.below(3)));
  server.close();
  for (const accept of await ended) if (accept.status === "fulfilled") accept.value[0].close();
  for (const client of clients) client.close();
  using late = m.socket(server.family);
  await late.connect(address).then(() => Promise.reject(new Error("a closed listener served")), () => {});
}

/** Sends to a peer that stops reading, which end by a timeout. */
async function stopped(place: Place): Promise<void> {
  const [client, peer, server] = await connect(place);
  client.settimeout(0.02);
  for (let i = 0; i < 16; i++) {
    const error = await client.sendall(PATTERN).then(() => null, (error) => error);
    if (error instanceof place.m.TimeoutError) break;
    if (error !== null) throw error;
  }
  for (const sock of [client, peer, server]) sock.close();
}

/** All kinds of rounds. A kind that is listed more than once is chosen more often. */
export const KINDS: Record<string, (place: Place) => Promise<void>> = {
  bulk,
  echo,
  lines,
  datagrams,
  resets,
  churn,
  stopped,
};
