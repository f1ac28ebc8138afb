// Socket options of the default backend: numbers that are kept here and told to Deno where it listens.

import {
  AF_INET6,
  AF_UNIX,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_PROTOCOL,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_TYPE,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";

/** The way out, named by every error for what Deno's net API cannot express. */
export const NATIVE_HINT =
  'Deno\'s net API has no way to do this, native sockets have: import "@berkeley/socket/native"';

/** The error of an option that Deno cannot express. */
export function unknownOption(syscall: string): OSError {
  return errorFor("ENOPROTOOPT", { syscall, hint: NATIVE_HINT });
}

/** An int of an option's value, as the kernel reads it: a number, or at least four bytes. */
export function optionNumber(value: number | Uint8Array): number {
  if (typeof value === "number") return value;
  if (value.length < 4) throw errorFor("EINVAL", { syscall: "setsockopt" });
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getInt32(0, true);
}

/** An option's value as getsockopt answers it: the number, or its first bytes. */
export function optionValue(value: number, size: number | undefined): number | Uint8Array {
  if (size === undefined) return value;
  return new Uint8Array(new Int32Array([value]).buffer, 0, Math.min(size, 4)).slice();
}

/** Options that tell about a socket and cannot be set. */
const READ_ONLY = [SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ERROR, SO_ACCEPTCONN];

/** The settable options of a stream: kept until there is a connection to tell them to. */
export class StreamOptions {
  readonly #family: number;
  #reuseAddr = 0;
  #reusePort = 0;
  #keepAlive = 0;
  #noDelay = 0;

  constructor(family: number) {
    this.#family = family;
  }

  /** The value of an option. */
  get(level: number, name: number): number {
    if (level === SOL_SOCKET) {
      if (name === SO_REUSEADDR) return this.#reuseAddr;
      if (name === SO_REUSEPORT) return this.#reusePort;
      if (name === SO_KEEPALIVE) return this.#keepAlive;
    } else if (this.#family === AF_UNIX) throw errorFor("EOPNOTSUPP", { syscall: "getsockopt" });
    else if (level === IPPROTO_TCP && name === TCP_NODELAY) return this.#noDelay;
    // Deno's IPv6 listeners take IPv4 connections too, as Linux's do unless told otherwise.
    else if (this.#isV6Only(level, name)) return 0;
    throw unknownOption("getsockopt");
  }

  /** Sets an option; `apply` brings it to a connection. */
  set(level: number, name: number, value: number): void {
    const flag = value === 0 ? 0 : 1;
    if (level === SOL_SOCKET && !READ_ONLY.includes(name)) {
      if (name === SO_REUSEADDR) this.#reuseAddr = flag;
      else if (name === SO_REUSEPORT) this.#reusePort = flag;
      else if (name === SO_KEEPALIVE) this.#keepAlive = flag;
      else throw unknownOption("setsockopt");
    } else if (level === SOL_SOCKET) throw errorFor("ENOPROTOOPT", { syscall: "setsockopt" });
    else if (this.#family === AF_UNIX) throw errorFor("EOPNOTSUPP", { syscall: "setsockopt" });
    else if (level === IPPROTO_TCP && name === TCP_NODELAY) this.#noDelay = flag;
    else if (!this.#isV6Only(level, name) || flag !== 0) throw unknownOption("setsockopt");
  }

  #isV6Only(level: number, name: number): boolean {
    return this.#family === AF_INET6 && level === IPPROTO_IPV6 && name === IPV6_V6ONLY;
  }

  /** A copy for an accepted connection, which has its listener's options on Linux. */
  inherit(): StreamOptions {
    const options = new StreamOptions(this.#family);
    options.#reuseAddr = this.#reuseAddr;
    options.#reusePort = this.#reusePort;
    options.#keepAlive = this.#keepAlive;
    options.#noDelay = this.#noDelay;
    return options;
  }

  /** Tells a connection what is not as it opens: without these options set. */
  apply(conn: Deno.Conn): void {
    if (this.#family === AF_UNIX) return;
    const tcp = conn as Deno.TcpConn;
    if (this.#noDelay !== this.#appliedNoDelay) tcp.setNoDelay(this.#noDelay !== 0);
    if (this.#keepAlive !== this.#appliedKeepAlive) tcp.setKeepAlive(this.#keepAlive !== 0);
    this.#appliedNoDelay = this.#noDelay;
    this.#appliedKeepAlive = this.#keepAlive;
  }
  #appliedNoDelay = 0;
  #appliedKeepAlive = 0;
}
