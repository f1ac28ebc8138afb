// Handlers: one object for each request. Python runs setup, handle and finish in the constructor; here the server runs
// them after it, since they may be async.

import type { Address } from "../base/addresses.ts";
import { IPPROTO_TCP, TCP_NODELAY } from "../base/constants.ts";
import type { Bytes } from "../base/data.ts";
import { OSError } from "../base/errors.ts";
import { BufferedFile } from "../core/files.ts";
import type { FileSocket } from "../core/files.ts";
import type { Socket } from "../core/socket.ts";
import type { Awaitable } from "./base_server.ts";

/** What a datagram server's request is: the datagram, and the socket to answer it by. */
export type Datagram = [data: Bytes, socket: Socket];

/**
 * The superclass of all handlers, as Python's `socketserver.BaseRequestHandler`. A subclass overrides `handle`, and
 * `setup` and `finish` where it needs them. All three may be async.
 */
export class BaseRequestHandler<R = any> {
  /** The request: a connected socket, or `[data, socket]` of a datagram. */
  readonly request: R;
  /** The client's address. */
  readonly client_address: Address;
  /** The server. A subclass may `declare` the class that it is. */
  readonly server: any;

  /** Called by the server for each request. */
  constructor(request: R, client_address: Address, server: any) {
    this.request = request;
    this.client_address = client_address;
    this.server = server;
  }

  /** Runs before `handle`. */
  setup(): Awaitable<void> {}
  /** Serves the request. */
  handle(): Awaitable<void> {}
  /** Runs after `handle`, also where that threw; not where `setup` threw. */
  finish(): Awaitable<void> {}
}

/** Runs a handler from setup to finish. */
export async function runHandler(handler: BaseRequestHandler): Promise<void> {
  await handler.setup();
  try {
    await handler.handle();
  } finally {
    await handler.finish();
  }
}

/**
 * A handler of a connection with files to read from and write to, as Python's `socketserver.StreamRequestHandler`.
 */
export class StreamRequestHandler extends BaseRequestHandler<Socket> {
  /** The buffer of `rfile` in bytes: -1 for the usual one. */
  rbufsize: number = -1;
  /** The buffer of `wfile` in bytes: 0, the default, sends at each write and all of it; -1 is the usual buffer. */
  wbufsize: number = 0;
  /** The connection's timeout in seconds; null leaves it as it is. */
  timeout: number | null = null;
  /** Whether small writes are sent at once (TCP_NODELAY). */
  disable_nagle_algorithm: boolean = false;
  /** The connection. */
  connection!: Socket;
  /** What the client sends. */
  rfile!: BufferedFile;
  /** What goes to the client. */
  wfile!: BufferedFile;

  /** Makes the files. */
  override setup(): Awaitable<void> {
    this.connection = this.request;
    if (this.timeout !== null) this.connection.settimeout(this.timeout);
    if (this.disable_nagle_algorithm) this.connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, true);
    this.rfile = bufferedFile(this.connection, "r", this.rbufsize);
    this.wfile = bufferedFile(this.connection, "w", this.wbufsize);
  }

  /** Sends what was written and closes the files. */
  override async finish(): Promise<void> {
    await this.wfile.close().catch((error) => {
      // As in CPython: where the client has gone, the rest is nothing to report.
      if (!(error instanceof OSError)) throw error;
    }).finally(() => this.rfile.close());
  }
}

/** What Python's io module buffers where -1 is asked for. */
const DEFAULT_BUFFER_SIZE = 8192;

/** A buffered file that does not hold the socket open: with a buffer of 0 a write has sent all when it has ended. */
function bufferedFile(socket: FileSocket, mode: "r" | "w", size: number): BufferedFile {
  const parts = { socket, reading: mode === "r", writing: mode === "w", release() {} };
  return new BufferedFile(parts, size < 0 ? DEFAULT_BUFFER_SIZE : size);
}

/** One datagram to read and one to write, as what a file takes for its socket. */
class Packets implements FileSocket {
  readonly #socket: Socket;
  #unread: Uint8Array;
  readonly #written: Uint8Array[] = [];

  constructor(received: Uint8Array, socket: Socket) {
    this.#unread = received;
    this.#socket = socket;
  }

  fileno(): number {
    return this.#socket.fileno();
  }

  recv_into(buffer: Uint8Array): Promise<number> {
    const part = this.#unread.subarray(0, buffer.length);
    buffer.set(part);
    this.#unread = this.#unread.subarray(part.length);
    return Promise.resolve(part.length);
  }

  send(data: Uint8Array): Promise<number> {
    this.#written.push(data.slice());
    return Promise.resolve(data.length);
  }

  /** What was written, in one piece. */
  async bytes(): Promise<Bytes> {
    return new Uint8Array(await new Blob(this.#written as Bytes[]).arrayBuffer());
  }
}

/**
 * A handler of a datagram, as Python's `socketserver.DatagramRequestHandler`: `rfile` reads it, and what is written to
 * `wfile` goes back to the sender as one datagram (an empty one where nothing was written, as in Python).
 */
export class DatagramRequestHandler extends BaseRequestHandler<Datagram> {
  /** The datagram. */
  packet!: Bytes;
  /** The server's socket. */
  socket!: Socket;
  /** The datagram as a file. */
  rfile!: BufferedFile;
  /** What is written here is the answer. */
  wfile!: BufferedFile;
  #packets!: Packets;

  /** Makes the files. */
  override setup(): Awaitable<void> {
    [this.packet, this.socket] = this.request;
    this.#packets = new Packets(this.packet, this.socket);
    this.rfile = bufferedFile(this.#packets, "r", -1);
    this.wfile = bufferedFile(this.#packets, "w", 0);
  }

  /** Sends the answer. */
  override async finish(): Promise<void> {
    await this.socket.sendto(await this.#packets.bytes(), this.client_address);
  }
}
