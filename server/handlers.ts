// Handlers: one object for each request. Python runs setup, handle and finish in the constructor. Here the server runs
// them after it, because they may be async.

import type { Address } from "../base/addresses.ts";
import { IPPROTO_TCP, TCP_NODELAY } from "../base/constants.ts";
import type { Bytes } from "../base/data.ts";
import { OSError } from "../base/errors.ts";
import { BufferedFile } from "../core/files.ts";
import type { FileSocket } from "../core/files.ts";
import { turnsOf } from "../core/socket.ts";
import type { Socket } from "../core/socket.ts";
import type { Awaitable } from "./base_server.ts";

/** The request of a datagram server: the datagram, and the socket for the reply. */
export type Datagram = [data: Bytes, socket: Socket];

/**
 * The superclass of all handlers, as Python's `socketserver.BaseRequestHandler`. A subclass overrides `handle`, and `setup`
 * and `finish` if it needs them. All three may be async.
 */
export class BaseRequestHandler<R = any> {
  /** The request: a connected socket, or `[data, socket]` of a datagram. */
  readonly request: R;
  /** The client's address. */
  readonly client_address: Address;
  /** The server. A subclass may `declare` its class. */
  readonly server: any;

  /** The server makes one handler for each request. */
  constructor(request: R, client_address: Address, server: any) {
    this.request = request;
    this.client_address = client_address;
    this.server = server;
  }

  /** Runs before `handle`. */
  setup(): Awaitable<void> {}
  /** Serves the request. */
  handle(): Awaitable<void> {}
  /** Runs after `handle`, also if that threw. It does not run if `setup` threw. */
  finish(): Awaitable<void> {}
}

/** Runs setup, handle and finish of a handler. */
export async function runHandler(handler: BaseRequestHandler): Promise<void> {
  try {
    await handler.setup();
    try {
      await handler.handle();
    } finally {
      await handler.finish();
    }
  } finally {
    // If setup threw, or finish was overridden, the file would keep the connection open.
    if (handler instanceof StreamRequestHandler) await handler.rfile?.close();
  }
}

/**
 * A handler of a connection, with a file to read from and one to write to, as Python's `socketserver.StreamRequestHandler`.
 */
export class StreamRequestHandler extends BaseRequestHandler<Socket> {
  /** The buffer size of `rfile` in bytes; -1 for the default. With 0 a read takes no more bytes than it needs. */
  rbufsize: number = -1;
  /** The buffer size of `wfile` in bytes. With 0, the default, each write sends all of its data. -1 is the default buffer. */
  wbufsize: number = 0;
  /** The connection's timeout in seconds; null does not change it. */
  timeout: number | null = null;
  /** Whether small writes are sent at once (TCP_NODELAY). */
  disable_nagle_algorithm: boolean = false;
  /** The connection. */
  connection!: Socket;
  /** The data of the client, as a file to read. */
  rfile!: BufferedFile;
  /** The data to the client, as a file to write. */
  wfile!: BufferedFile;

  /** Makes the files. */
  override setup(): Awaitable<void> {
    this.connection = this.request;
    if (this.timeout !== null) this.connection.settimeout(this.timeout);
    if (this.disable_nagle_algorithm) this.connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, true);
    // This file keeps the connection open until finish, as in CPython. If the handler closes it, written data is still sent.
    this.rfile = this.connection.makefile("rb", { buffering: this.rbufsize === 0 ? 1 : this.rbufsize });
    this.wfile = bufferedFile(this.connection, this.connection, "w", this.wbufsize);
  }

  /** Sends buffered data and closes the files. */
  override async finish(): Promise<void> {
    await this.wfile.close().catch((error) => {
      // This is ignored, as in CPython: the client has closed the connection, so the data cannot be sent.
      if (!(error instanceof OSError)) throw error;
    }).finally(() => this.rfile.close());
  }
}

/** The default buffer size of Python's io module. */
const DEFAULT_BUFFER_SIZE = 8192;

/**
 * Makes a buffered file over a part of a socket. It does not keep the socket open. With size 0, each write sends all of its
 * data.
 */
function bufferedFile(socket: Socket, part: FileSocket, mode: "r" | "w", size: number): BufferedFile {
  const parts = {
    socket: part,
    reading: mode === "r",
    writing: mode === "w",
    turns: turnsOf(socket),
    release() {},
  };
  return new BufferedFile(parts, size < 0 ? DEFAULT_BUFFER_SIZE : size);
}

/** One received datagram and one to send, with the methods of a socket that a file uses. */
class DatagramFile implements FileSocket {
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

  /** Returns the bytes that were written. */
  async bytes(): Promise<Bytes> {
    return new Uint8Array(await new Blob(this.#written as Bytes[]).arrayBuffer());
  }
}

/**
 * A handler of a datagram, as Python's `socketserver.DatagramRequestHandler`. `rfile` reads the datagram. The bytes that
 * are written to `wfile` are sent back as one datagram, which is empty if there are none, as in Python.
 */
export class DatagramRequestHandler extends BaseRequestHandler<Datagram> {
  /** The datagram. */
  packet!: Bytes;
  /** The server's socket. */
  socket!: Socket;
  /** The datagram as a file. */
  rfile!: BufferedFile;
  /** The reply as a file. */
  wfile!: BufferedFile;
  #file!: DatagramFile;

  /** Makes the files. */
  override setup(): Awaitable<void> {
    [this.packet, this.socket] = this.request;
    this.#file = new DatagramFile(this.packet, this.socket);
    this.rfile = bufferedFile(this.socket, this.#file, "r", -1);
    this.wfile = bufferedFile(this.socket, this.#file, "w", 0);
  }

  /** Sends the reply. */
  override async finish(): Promise<void> {
    // Waits for writes that the handler did not await.
    await this.wfile.close();
    await this.socket.sendto(await this.#file.bytes(), this.client_address);
  }
}
