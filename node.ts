/**
 * Lets libraries for Node use a socket. {@linkcode toNodeStream} makes a stream of a socket, with the methods, properties
 * and events of Node's `net.Socket`. HTTP agents, WebSockets, database drivers, mail libraries and `node:tls` can use it.
 *
 * It takes sockets of every backend, and needs no permission of its own. Pass a connection to a server by
 * `server.emit("connection", stream)`. Deno's HTTP server closes such a connection after one response, unless
 * `Object.defineProperty` makes its `listening` true. Deno's secure HTTP/2 server (`http2.createSecureServer`) takes the
 * stream itself, and not a `TLSSocket` over it.
 *
 * @example HTTP over a socket
 * ```ts
 * import assert from "node:assert/strict";
 * import { once } from "node:events";
 * import http from "node:http";
 * import { create_connection, create_server } from "@berkeley/socket";
 * import { toNodeStream } from "@berkeley/socket/node";
 *
 * const listener = create_server(["127.0.0.1", 0]);
 * const server = http.createServer((request, response) => response.end(`you asked for ${request.url}`));
 * listener.accept().then(([conn]) => server.emit("connection", toNodeStream(conn)));
 *
 * const sock = await create_connection(listener.getsockname());
 * const request = http.get({ path: "/news", createConnection: () => toNodeStream(sock) as any });
 * const [response] = await once(request, "response");
 * assert.equal(await new Response(response).text(), "you asked for /news");
 * listener.close();
 * ```
 *
 * @module
 */

import { Buffer } from "node:buffer";
import process from "node:process";
import { Duplex } from "node:stream";
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import {
  AF_INET,
  AF_INET6,
  IPPROTO_TCP,
  SHUT_WR,
  SO_KEEPALIVE,
  SO_LINGER,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_KEEPIDLE,
  TCP_NODELAY,
} from "./base/constants.ts";
import type { Address } from "./base/addresses.ts";
import { errorFor, OSError } from "./base/errors.ts";
import { checkOptions } from "./core/arguments.ts";
import { Socket } from "./core/socket.ts";

export type { Socket } from "./core/socket.ts";

/** Options of {@linkcode toNodeStream}, as of Node's `net.Socket`. */
export interface NodeStreamOptions {
  /** Whether the stream stays open for writing after the peer has ended it. False by default: then it ends as well. */
  allowHalfOpen?: boolean;
  /** How many bytes are buffered in each direction before backpressure. */
  highWaterMark?: number;
}

/** The address of one end, as `net.Socket.address()` returns it. */
export interface NodeAddress {
  /** The address as text. */
  address?: string;
  /** "IPv4" or "IPv6". */
  family?: string;
  /** The port. */
  port?: number;
}

/** The size of one receive. Node reads as much at a time. */
const CHUNK = 65536;

/** The longest timeout of Node's timers, in milliseconds. The shortest is 1. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** struct linger { l_onoff: 1, l_linger: 0 }: close resets the connection. */
const RESET_ON_CLOSE = Int32Array.of(1, 0);

/**
 * A Duplex with the methods, properties and events of Node's `net.Socket`, made by {@linkcode toNodeStream}. Its errors are
 * those of this package: `code` is Node's, and `errno` is Python's and therefore positive.
 */
export class NodeStream extends Duplex {
  readonly #sock: Socket;
  readonly #local: NodeAddress;
  readonly #remote: NodeAddress;
  #reading = false;
  #bytesRead = 0;
  /** The bytes of the chunks that `_write` was called with. */
  #bytesPassed = 0;
  /** How many of them are part of `writableLength`, because their chunk is being sent. */
  #bytesSending = 0;
  #idleLimit = 0;
  #lastActive = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  /** Takes the arguments of {@linkcode toNodeStream}. */
  constructor(sock: Socket, options: NodeStreamOptions = {}) {
    const { allowHalfOpen = false, highWaterMark } = options;
    // _destroy emits "close" with the argument that net.Socket has.
    super({ allowHalfOpen, highWaterMark, emitClose: false });
    this.#sock = sock;
    this.#local = nodeAddress(sock.family, sock.getsockname());
    this.#remote = nodeAddress(sock.family, sock.getpeername());
    sock.settimeout(null);
    // As in net.Socket, the end of the stream or a reset is noticed before data is asked for.
    process.nextTick(() => {
      if (!this.destroyed) this.read(0);
    });
    this.once("end", () => this.#refuseWrites());
  }

  // Data.

  /** Receives once. The stream calls it again when its buffer has space. */
  override _read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#sock.recv(CHUNK).then((data) => {
      this.#reading = false;
      if (this.destroyed) return;
      this.#active();
      this.#bytesRead += data.length;
      this.#deliver(data);
    }, (error) => {
      this.#reading = false;
      this.destroy(error);
    });
  }

  #deliver(data: Uint8Array<ArrayBuffer>): void {
    try {
      this.push(data.length > 0 ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : null);
      // As in Node, a stream without unread data then ends, even if nothing reads it. Otherwise it would stay open.
      if (data.length === 0) this.read(0);
    } catch (error) {
      throwUncaught(error);
      // A listener has thrown. Reading goes on, if the program goes on.
      process.nextTick(() => this.read(0));
    }
  }

  /** Sends a chunk. */
  override _write(chunk: Uint8Array, _encoding: string, callback: (error?: Error | null) => void): void {
    this.#active();
    this.#bytesPassed += chunk.length;
    this.#bytesSending = chunk.length;
    const end = (error?: Error) => {
      this.#bytesSending = 0;
      callback(error);
    };
    // destroy() has closed the socket, so the error of a send would be EBADF.
    this.#send(chunk).then(() => end(), (error) => end(this.destroyed ? this.errored ?? destroyedError() : error))
      .catch(throwUncaught);
  }

  /** Sends a chunk in parts, because each part that the socket takes postpones the timeout. */
  async #send(chunk: Uint8Array): Promise<void> {
    for (let sent = 0; sent < chunk.length;) {
      sent += await this.#sock.send(chunk.subarray(sent));
      this.#active();
    }
  }

  /** Sends several chunks as one. */
  override _writev(
    chunks: { chunk: Uint8Array; encoding: string }[],
    callback: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "buffer", callback);
  }

  /** Makes writes after the end of the peer's stream fail with EPIPE, as in Node. Without it they would count as misuse. */
  #refuseWrites(): void {
    if (this.allowHalfOpen) return;
    this.write = (...args: unknown[]) => {
      if (!this.writableEnded) return super.write(...(args as [unknown]));
      const error = errorFor("EPIPE", { syscall: "send", hint: "This socket has been ended by the other party" });
      const callback = args.at(-1);
      if (typeof callback === "function") process.nextTick(callback as () => void, error);
      this.destroy(error);
      return false;
    };
  }

  /** Half-closes after the last chunk. */
  override _final(callback: (error?: Error | null) => void): void {
    this.#sock.shutdown(SHUT_WR).then(() => callback(), (error) => {
      // As in Node, it is no error if the connection has ended already.
      callback(error.code === "ENOTCONN" ? null : error);
    });
  }

  /** Closes the socket. */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#idleTimer);
    // The descriptor is closed at once. "close" also says that no operation of it is under way any more.
    const closed = this.#sock[Symbol.asyncDispose]().then(() => null, (failure: Error) => failure);
    closed.then((failure) => {
      failure = error ?? failure;
      callback(failure);
      // "error" comes with the next tick, and "close" must come after it.
      setImmediate(() => this.emit("close", failure !== null));
    });
  }

  /** Ends the stream, and destroys it when all data was sent. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  /**
   * Resets the connection. The peer gets ECONNRESET instead of the end of the stream.
   *
   * @throws {OSError} ENOPROTOOPT on the default backend, which has no SO_LINGER.
   */
  resetAndDestroy(): this {
    if (!this.destroyed) this.#sock.setsockopt(SOL_SOCKET, SO_LINGER, RESET_ON_CLOSE);
    return this.destroy();
  }

  /** The number of bytes that were received. */
  get bytesRead(): number {
    return this.#bytesRead;
  }
  /** The number of bytes that were written, including those that are still to be sent. */
  get bytesWritten(): number {
    return this.#bytesPassed - this.#bytesSending + this.writableLength;
  }

  // The connection.

  /**
   * Emits "connect" and "ready". The socket is connected already, so the address is ignored. Drivers that call it on a stream
   * that they were given, such as pg, wait for that event.
   */
  connect(...args: unknown[]): this {
    const listener = args.at(-1);
    if (typeof listener === "function") this.once("connect", listener as () => void);
    process.nextTick(() => {
      if (this.destroyed) return;
      this.emit("connect");
      this.emit("ready");
    });
    return this;
  }
  /** Always false: the socket is connected. */
  get connecting(): boolean {
    return false;
  }
  /** Whether there is no connection. True once the stream is destroyed. */
  get pending(): boolean {
    return this.destroyed;
  }
  /** "open", "readOnly", "writeOnly" or "closed". */
  get readyState(): "open" | "readOnly" | "writeOnly" | "closed" {
    if (this.readable) return this.writable ? "open" : "readOnly";
    return this.writable ? "writeOnly" : "closed";
  }
  /** The peer's address; undefined on a Unix socket. */
  get remoteAddress(): string | undefined {
    return this.#remote.address;
  }
  /** "IPv4" or "IPv6"; undefined on a Unix socket. */
  get remoteFamily(): string | undefined {
    return this.#remote.family;
  }
  /** The peer's port. */
  get remotePort(): number | undefined {
    return this.#remote.port;
  }
  /** The socket's own address. */
  get localAddress(): string | undefined {
    return this.#local.address;
  }
  /** "IPv4" or "IPv6". */
  get localFamily(): string | undefined {
    return this.#local.family;
  }
  /** The socket's own port. */
  get localPort(): number | undefined {
    return this.#local.port;
  }
  /** The socket's own address, family and port; an empty object on a Unix socket and once the stream is destroyed. */
  address(): NodeAddress {
    return this.destroyed ? {} : { ...this.#local };
  }

  // Options. Node ignores the errors of setsockopt, and so do these methods.

  /** Sets whether small writes are sent at once (TCP_NODELAY). */
  setNoDelay(noDelay: boolean = true): this {
    return this.#set(IPPROTO_TCP, TCP_NODELAY, Number(noDelay));
  }
  /**
   * Sets whether an idle connection is probed (SO_KEEPALIVE). `initialDelay` in milliseconds works on native sockets; on
   * others the system decides.
   */
  setKeepAlive(enable: boolean = false, initialDelay: number = 0): this {
    this.#set(SOL_SOCKET, SO_KEEPALIVE, Number(enable));
    const seconds = Math.floor(initialDelay / 1000);
    return enable && seconds > 0 ? this.#set(IPPROTO_TCP, TCP_KEEPIDLE, seconds) : this;
  }

  #set(level: number, name: number, value: number): this {
    if (this.destroyed) return this;
    try {
      this.#sock.setsockopt(level, name, value);
    } catch (error) {
      if (!(error instanceof OSError)) throw error;
    }
    return this;
  }

  /** Lets the open stream keep the process alive, which is the default. */
  ref(): this {
    if (!this.destroyed) this.#sock.ref();
    return this;
  }
  /** Lets the process end while the stream is open. */
  unref(): this {
    if (!this.destroyed) this.#sock.unref();
    return this;
  }

  // Idleness.

  /**
   * Emits "timeout" when nothing was sent or received for some milliseconds; 0 for never. It closes nothing. After the next
   * traffic, the event can come again. As in Node, a limit above 2^31 - 1 is shortened to that, with a warning.
   */
  setTimeout(milliseconds: number, callback?: () => void): this {
    if (this.destroyed) return this;
    checkTimeout(milliseconds);
    clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
    this.#idleLimit = milliseconds;
    this.#active();
    if (callback === undefined) return this;
    return milliseconds > 0 ? this.once("timeout", callback) : this.off("timeout", callback);
  }
  /** The argument of setTimeout(); 0 for none. */
  get timeout(): number {
    return this.#idleLimit;
  }

  /** Called for all traffic. It does not reset the timer, which is slow: the timer computes the rest when it fires. */
  #active(): void {
    this.#lastActive = performance.now();
    if (this.#idleTimer === undefined && this.#idleLimit > 0 && !this.destroyed) this.#watchIdleness();
  }

  #watchIdleness(): void {
    const limit = Math.min(Math.max(this.#idleLimit, 1), LONGEST_TIMEOUT);
    const rest = this.#lastActive + limit - performance.now();
    this.#idleTimer = rest > 0 ? setTimeout(() => this.#watchIdleness(), Math.ceil(rest)).unref() : undefined;
    if (rest <= 0) this.emit("timeout");
  }
}

/** Throws what a listener or a callback has thrown, outside of the promise that called it: as an uncaught exception. */
function throwUncaught(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

/** The error of a write whose stream was destroyed. Node's streams make the same one. */
function destroyedError(): Error {
  const error = new Error("Cannot call write after a stream was destroyed");
  return Object.assign(error, { code: "ERR_STREAM_DESTROYED" });
}

/** Checks the argument of setTimeout as Node does. */
function checkTimeout(milliseconds: number): void {
  if (typeof milliseconds !== "number") {
    throw Object.assign(new TypeError("the timeout must be a number of milliseconds"), {
      code: "ERR_INVALID_ARG_TYPE",
    });
  }
  if (!(milliseconds >= 0) || milliseconds === Infinity) {
    throw Object.assign(new RangeError(`timeout out of range: ${milliseconds}`), { code: "ERR_OUT_OF_RANGE" });
  }
  if (milliseconds <= LONGEST_TIMEOUT) return;
  const text =
    `${milliseconds} does not fit into a 32-bit signed integer.\nTimer duration was truncated to ${LONGEST_TIMEOUT}.`;
  process.emitWarning(text, "TimeoutOverflowWarning");
}

/** Converts an address to Node's form. It is empty for a Unix socket. */
function nodeAddress(family: number, address: Address): NodeAddress {
  if (family !== AF_INET && family !== AF_INET6) return {};
  const [host, port] = address as [string, number];
  return { address: host, family: family === AF_INET6 ? "IPv6" : "IPv4", port };
}

/**
 * Makes a Node stream of a connected socket, for libraries that take a `net.Socket`. The stream owns the socket from then
 * on. It receives ahead, and closes the socket when both directions have ended or the stream is destroyed.
 *
 * @throws {OSError} ENOTCONN if the socket is not connected, EBADF if it is closed.
 * @throws {TypeError} if it is not a stream socket.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { once } from "node:events";
 * import { socketpair } from "@berkeley/socket";
 * import { toNodeStream } from "@berkeley/socket/node";
 *
 * const [a, b] = await socketpair();
 * const stream = toNodeStream(a);
 * stream.end("hello");
 * assert.equal(new TextDecoder().decode(await b.recv(1024)), "hello");
 * b.close();
 * await once(stream.resume(), "close");
 * ```
 */
export function toNodeStream(sock: Socket, options: NodeStreamOptions = {}): NodeStream {
  if (!(sock instanceof Socket)) throw new TypeError("toNodeStream() takes a socket of this module");
  if (sock.type !== SOCK_STREAM) throw new TypeError("toNodeStream() takes a stream socket (SOCK_STREAM)");
  checkOptions(options, ["allowHalfOpen", "highWaterMark"]);
  return new NodeStream(sock, options);
}
