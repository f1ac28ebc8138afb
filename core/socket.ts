// class Socket: what Python documents, over any backend.
//
// Modes, deadlines and order are in lane.ts, states and data in the backend; here each method checks its
// arguments, names its attempt and picks its lane.

import { checkAddress } from "../base/addresses.ts";
import type { Address, AddressLike } from "../base/addresses.ts";
import { AF_UNIX, MSG_DONTWAIT, MSG_WAITALL, SOCK_STREAM, SOL_SOCKET, SO_ACCEPTCONN } from "../base/constants.ts";
import { bytesOf, nameOf, viewOf } from "../base/data.ts";
import type { Data } from "../base/data.ts";
import { errorFor, OSError } from "../base/errors.ts";
import { POLLIN, POLLOUT } from "../base/poll.ts";
import { IN_PROGRESS, WOULD_BLOCK } from "../transport.ts";
import type { AncillaryData, Received, Transport, WouldBlock } from "../transport.ts";
import { enter } from "./descriptors.ts";
import type { Descriptor } from "./descriptors.ts";
import { Lane } from "./lane.ts";
import type { Attempt } from "./lane.ts";

/** The last argument of every call that can wait. */
export interface WaitOptions {
  /** Ends the waiting: the call rejects with the signal's reason. Nothing is lost by it. */
  signal?: AbortSignal;
}

/** What one iteration receives at most. */
const CHUNK = 65536;

/** The pauses of an accept loop that ran out of descriptors, in milliseconds: doubled up to a second. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 1000;

let defaultTimeout: number | null = null;

/** The timeout of new sockets. */
export function getDefaultTimeout(): number | null {
  return defaultTimeout;
}

/** Sets the timeout of new sockets. */
export function setDefaultTimeout(timeout: number | null): void {
  defaultTimeout = checkTimeout(timeout);
}

/** Closes what a collected socket left open. */
const leaks = new FinalizationRegistry<Descriptor>((descriptor) => descriptor.close());

/** Makes the Socket of an open descriptor: the backends' way in, which is no part of the public class. */
export let socketOf: (descriptor: Descriptor<Transport>) => Socket;

/** The transport of a socket, for what goes beyond its methods. */
export let transportOf: (socket: Socket) => Transport;

export class Socket {
  #descriptor: Descriptor<Transport> | null;
  readonly #transport: Transport;
  readonly #reading: Lane;
  readonly #writing: Lane;
  #timeout: number | null = defaultTimeout;
  #closed = false;
  #files = 0;

  static {
    socketOf = (descriptor) => new Socket(descriptor);
    transportOf = (socket) => socket.#live();
  }

  private constructor(descriptor: Descriptor<Transport>) {
    this.#descriptor = descriptor;
    this.#transport = descriptor.open;
    this.#reading = new Lane(descriptor, POLLIN);
    this.#writing = new Lane(descriptor, POLLOUT);
    leaks.register(this, descriptor, this);
  }

  // What it is.

  get family(): number {
    return this.#transport.family;
  }
  get type(): number {
    return this.#transport.type;
  }
  get proto(): number {
    return this.#transport.proto;
  }
  get timeout(): number | null {
    return this.#timeout;
  }

  fileno(): number {
    return this.#descriptor === null || this.#descriptor.closed ? -1 : this.#descriptor.fd;
  }

  // Modes.

  settimeout(timeout: number | null): void {
    this.#timeout = checkTimeout(timeout);
  }
  gettimeout(): number | null {
    return this.#timeout;
  }
  setblocking(blocking: boolean): void {
    this.#timeout = blocking ? null : 0;
  }
  getblocking(): boolean {
    return this.#timeout !== 0;
  }

  // Addresses and connections.

  bind(address: AddressLike): void {
    const transport = this.#live();
    transport.bind(checkAddress(this.family, address, "bind"));
  }

  listen(backlog = 128): void {
    checkInteger(backlog, "backlog");
    this.#live().listen(Math.max(backlog, 0));
  }

  accept(options?: WaitOptions): Promise<[Socket, Address]> {
    return this.#read(() => {
      const accepted = this.#transport.accept();
      if (accepted === WOULD_BLOCK) return WOULD_BLOCK;
      return [new Socket(enter(accepted.transport)), accepted.address] as [Socket, Address];
    }, 0, options);
  }

  async connect(address: AddressLike, options?: WaitOptions): Promise<void> {
    const transport = this.#live();
    const checked = checkAddress(this.family, address, "connect");
    const deadline = this.#timeout === null ? null : performance.now() + this.#timeout * 1000;
    const resolved = await abortable(transport.resolve(checked), options?.signal);
    const started = await this.#write(() => transport.connect(resolved), 0, options);
    if (started !== IN_PROGRESS) return;
    if (this.#timeout === 0) throw errorFor("EINPROGRESS", { syscall: "connect", address: checked });
    const rest = deadline === null ? null : Math.max(deadline - performance.now(), 1) / 1000;
    await this.#writing.run(() => transport.finishConnect(), rest, options?.signal);
  }

  async connect_ex(address: AddressLike, options?: WaitOptions): Promise<number> {
    try {
      await this.connect(address, options);
      return 0;
    } catch (error) {
      if (!(error instanceof OSError) || error.name === "gaierror") throw error;
      // As in CPython, a connect that timed out answers EWOULDBLOCK.
      return error.errno ?? errorFor("EAGAIN").errno!;
    }
  }

  shutdown(how: number): Promise<void> {
    return Promise.try(() => this.#live().shutdown(how));
  }

  getsockname(): Address {
    return this.#live().getsockname();
  }
  getpeername(): Address {
    return this.#live().getpeername();
  }

  // Receiving.

  recv(bufsize: number, flags = 0, options?: WaitOptions): Promise<Uint8Array> {
    return this.#read(() => this.#transport.recv(bufsize, this.#effective(flags)), flags, options, () => {
      checkSize(bufsize, "recv");
    });
  }

  recv_into(buffer: BufferSource, nbytes = 0, flags = 0, options?: WaitOptions): Promise<number> {
    let view: Uint8Array;
    return this.#read(() => this.#transport.recvInto(view, this.#effective(flags)), flags, options, () => {
      view = sizedView(buffer, nbytes, "recv_into");
    });
  }

  recvfrom(bufsize: number, flags = 0, options?: WaitOptions): Promise<[Uint8Array, Address | null]> {
    return this.#read(() => this.#transport.recvFrom(bufsize, this.#effective(flags)), flags, options, () => {
      checkSize(bufsize, "recvfrom");
    });
  }

  recvfrom_into(
    buffer: BufferSource,
    nbytes = 0,
    flags = 0,
    options?: WaitOptions,
  ): Promise<[number, Address | null]> {
    let views: Uint8Array[];
    const attempt = () => {
      const received = this.#transport.recvMessage(views, 0, this.#effective(flags));
      return received === WOULD_BLOCK ? received : [received.length, received.address] as [number, Address | null];
    };
    return this.#read(attempt, flags, options, () => {
      views = [sizedView(buffer, nbytes, "recvfrom_into")];
    });
  }

  recvmsg(
    bufsize: number,
    ancbufsize = 0,
    flags = 0,
    options?: WaitOptions,
  ): Promise<[Uint8Array, AncillaryData[], number, Address | null]> {
    let buffer: Uint8Array;
    const attempt = () => {
      const received = this.#receive([buffer], ancbufsize, flags);
      if (received === WOULD_BLOCK) return WOULD_BLOCK;
      const { length, ancillary, flags: answered, address } = received;
      const data = buffer.slice(0, Math.min(length, bufsize));
      return [data, ancillary, answered, address] as [Uint8Array, AncillaryData[], number, Address | null];
    };
    return this.#read(attempt, flags, options, () => {
      checkSize(bufsize, "recvmsg()");
      checkAncillarySize(ancbufsize, "recvmsg()");
      buffer = new Uint8Array(bufsize);
    });
  }

  recvmsg_into(
    buffers: Iterable<BufferSource>,
    ancbufsize = 0,
    flags = 0,
    options?: WaitOptions,
  ): Promise<[number, AncillaryData[], number, Address | null]> {
    let views: Uint8Array[];
    const attempt = () => {
      const received = this.#receive(views, ancbufsize, flags);
      if (received === WOULD_BLOCK) return WOULD_BLOCK;
      const { length, ancillary, flags: answered, address } = received;
      return [length, ancillary, answered, address] as [number, AncillaryData[], number, Address | null];
    };
    return this.#read(attempt, flags, options, () => {
      views = Array.from(buffers, viewOf);
      checkAncillarySize(ancbufsize, "recvmsg_into()");
    });
  }

  #receive(views: Uint8Array[], ancbufsize: number, flags: number): Received | WouldBlock {
    return this.#transport.recvMessage(views, ancbufsize, this.#effective(flags));
  }

  // Sending.

  send(data: Data, flags = 0, options?: WaitOptions): Promise<number> {
    let bytes: Uint8Array;
    return this.#write(() => this.#transport.send(bytes, flags), flags, options, () => {
      bytes = bytesOf(data);
    });
  }

  sendall(data: Data, flags = 0, options?: WaitOptions): Promise<void> {
    let rest: Uint8Array;
    const attempt = () => {
      for (;;) {
        const sent = this.#transport.send(rest, flags);
        if (sent === WOULD_BLOCK) return WOULD_BLOCK;
        if (sent >= rest.length) return;
        rest = rest.subarray(sent);
      }
    };
    return this.#write(attempt, flags, options, () => {
      rest = bytesOf(data);
    });
  }

  sendto(data: Data, address: AddressLike, options?: WaitOptions): Promise<number>;
  sendto(data: Data, flags: number, address: AddressLike, options?: WaitOptions): Promise<number>;
  async sendto(data: Data, ...rest: unknown[]): Promise<number> {
    const [flags, address, options] = (typeof rest[0] === "number" ? rest : [0, ...rest]) as [
      number,
      AddressLike,
      WaitOptions?,
    ];
    const transport = this.#live();
    const bytes = bytesOf(data);
    const checked = checkAddress(this.family, address, "sendto");
    const resolved = transport.resolve(checked);
    const target = resolved instanceof Promise ? await abortable(resolved, options?.signal) : resolved;
    return this.#write(() => transport.sendTo(bytes, flags, target), flags, options);
  }

  async sendmsg(
    buffers: Iterable<BufferSource | string>,
    ancdata: Iterable<[level: number, type: number, data: Data]> = [],
    flags = 0,
    address: AddressLike | null = null,
    options?: WaitOptions,
  ): Promise<number> {
    const transport = this.#live();
    const views = Array.from(buffers, bytesOf);
    const ancillary = Array.from(ancdata, ([level, type, data]): AncillaryData => [level, type, bytesOf(data)]);
    const checked = address === null ? null : checkAddress(this.family, address, "sendmsg");
    const target = checked === null ? null : await abortable(transport.resolve(checked), options?.signal);
    return this.#write(() => transport.sendMessage(views, ancillary, flags, target), flags, options);
  }

  // Options.

  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, buflen: number): Uint8Array;
  getsockopt(level: number, name: number, buflen?: number): number | Uint8Array {
    const transport = this.#live();
    checkInteger(level, "level");
    checkInteger(name, "option name");
    if (buflen === undefined || buflen === 0) return transport.getsockopt(level, name);
    // CPython's bound.
    if (!(buflen > 0 && buflen <= 1024)) throw new OSError("getsockopt buflen out of range");
    return transport.getsockopt(level, name, buflen);
  }

  setsockopt(level: number, name: number, value: number | BufferSource): void {
    const transport = this.#live();
    checkInteger(level, "level");
    checkInteger(name, "option name");
    if (typeof value === "number") checkInteger(value, "option value");
    transport.setsockopt(level, name, typeof value === "number" ? value : viewOf(value));
  }

  // Iteration.

  // Connections of a listener, data of a stream, [data, address] of a datagram socket: which of them is
  // known at run time only.
  // deno-lint-ignore no-explicit-any
  async *[Symbol.asyncIterator](): AsyncGenerator<any, void, void> {
    while (!this.#gone()) {
      try {
        if (this.type !== SOCK_STREAM) yield await this.recvfrom(CHUNK);
        else if (this.#transport.getsockopt(SOL_SOCKET, SO_ACCEPTCONN) !== 0) yield await this.#acceptPatiently();
        else {
          const data = await this.recv(CHUNK);
          if (data.length === 0) return;
          yield data;
        }
      } catch (error) {
        if (this.#gone()) return;
        throw error;
      }
    }
  }

  /** accept, waiting where the process or the system is out of descriptors: others may be closed meanwhile. */
  async #acceptPatiently(): Promise<[Socket, Address]> {
    for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await this.accept();
      } catch (error) {
        const { code } = error as OSError;
        if (code !== "EMFILE" && code !== "ENFILE" && code !== "ENOBUFS" && code !== "ENOMEM") throw error;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  // Life.

  dup(): Socket {
    const copy = new Socket(enter(this.#live().dup()));
    copy.#timeout = this.#timeout;
    return copy;
  }

  detach(): number {
    const fd = this.fileno();
    this.#letGo();
    return fd;
  }

  close(): void {
    this.#closed = true;
    if (this.#files === 0) this.#release();
  }

  #release(): void {
    const descriptor = this.#descriptor;
    this.#letGo();
    descriptor?.close();
  }

  /** Parts from the descriptor without closing it; whoever waits here waits in vain. */
  #letGo(): void {
    if (this.#descriptor === null) return;
    this.#descriptor = null;
    leaks.unregister(this);
    const reason = errorFor("EBADF");
    this.#reading.cancel(reason);
    this.#writing.cancel(reason);
  }

  ref(): void {
    this.#live().ref();
  }
  unref(): void {
    this.#live().unref();
  }

  [Symbol.dispose](): void {
    this.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  [Symbol.for("Deno.customInspect")](): string {
    const fields = [`fd=${this.fileno()}`, `family=${this.family}`, `type=${this.type}`, `proto=${this.proto}`];
    for (const [name, ask] of [["laddr", "getsockname"], ["raddr", "getpeername"]] as const) {
      try {
        fields.push(`${name}=${JSON.stringify(this[ask]())}`);
      } catch {
        // Without such an address, or closed.
      }
    }
    return `<socket.socket ${this.#gone() ? "[closed] " : ""}${fields.join(", ")}>`;
  }

  // The two lanes.

  #gone(): boolean {
    return this.#descriptor === null || this.#descriptor.closed;
  }

  /** The transport while the socket is open; EBADF after. */
  #live(): Transport {
    if (this.#gone()) throw errorFor("EBADF");
    return this.#transport;
  }

  #read<T>(attempt: Attempt<T>, flags: number, options?: WaitOptions, check?: () => void): Promise<T> {
    return this.#run(this.#reading, attempt, flags, options, check);
  }
  #write<T>(attempt: Attempt<T>, flags: number, options?: WaitOptions, check?: () => void): Promise<T> {
    return this.#run(this.#writing, attempt, flags, options, check);
  }

  #run<T>(lane: Lane, attempt: Attempt<T>, flags: number, options?: WaitOptions, check?: () => void): Promise<T> {
    try {
      check?.();
      checkInteger(flags, "flags");
      this.#live();
    } catch (error) {
      return Promise.reject(error);
    }
    return lane.run(attempt, (flags & MSG_DONTWAIT) === 0 ? this.#timeout : 0, options?.signal);
  }

  /** MSG_WAITALL has no say where nothing may be waited for. */
  #effective(flags: number): number {
    return this.#timeout === 0 || (flags & MSG_DONTWAIT) !== 0 ? flags & ~MSG_WAITALL : flags;
  }
}

/** Awaits something for as long as nobody aborts; the something goes on alone. */
function abortable<T>(value: T | Promise<T>, signal: AbortSignal | undefined): T | Promise<T> {
  if (signal === undefined || !(value instanceof Promise)) return value;
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** A timeout in seconds, or none. */
function checkTimeout(timeout: number | null): number | null {
  if (timeout === null) return null;
  if (typeof timeout !== "number") throw new TypeError(`'${nameOf(timeout)}' object cannot be interpreted as a number`);
  if (Number.isNaN(timeout)) throw new RangeError("Invalid value NaN (not a number)");
  if (timeout < 0) throw new RangeError("Timeout value out of range");
  return timeout;
}

/** C's int. */
function checkInteger(value: number, what: string): void {
  if (!Number.isInteger(value)) throw new TypeError(`${what} must be an integer, not ${nameOf(value)} ${value}`);
  if (value > 2 ** 31 - 1 || value < -(2 ** 31)) throw new RangeError(`${what} out of range: ${value}`);
}

function checkSize(size: number, method: string): void {
  checkInteger(size, "bufsize");
  if (size < 0) throw new RangeError(`negative buffersize in ${method}`);
}

function checkAncillarySize(size: number, method: string): void {
  checkInteger(size, "ancbufsize");
  if (size < 0) throw new RangeError(`invalid ancillary data buffer length in ${method}`);
}

/** The part of a buffer that a receive may fill: `nbytes` of it, or all where that is 0. */
function sizedView(buffer: BufferSource, nbytes: number, method: string): Uint8Array {
  checkInteger(nbytes, "nbytes");
  if (nbytes < 0) throw new RangeError(`negative buffersize in ${method}`);
  const view = viewOf(buffer);
  if (nbytes > view.length) throw new RangeError("buffer too small for requested bytes");
  return nbytes === 0 ? view : view.subarray(0, nbytes);
}
