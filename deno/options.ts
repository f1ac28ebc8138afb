// Socket options of the default backend: their names for error texts, what all sockets have in common, the options of
// streams, and what is not supported.

import * as constants from "../base/constants.ts";
import {
  AF_INET6,
  AF_UNIX,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV6_V6ONLY,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SO_ACCEPTCONN,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_PROTOCOL,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_TYPE,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../base/constants.ts";
import type { ErrnoName } from "../base/errno.ts";
import { errorFor } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import type { AncillaryData } from "../seam/transport.ts";

/** The levels, each with the pattern of its options' names. */
const LEVELS: Record<string, RegExp> = {
  SOL_SOCKET: /^SO_(?!VM_|J1939_|DEFAULT_)/,
  IPPROTO_IP: /^IP_(?!DEFAULT_|MAX_)/,
  IPPROTO_IPV6: /^IPV6_(?!RTHDR_TYPE)/,
  IPPROTO_TCP: /^TCP_/,
  IPPROTO_UDP: /^UDP_/,
};

/** Returns the name of an option, such as "IPV6_V6ONLY", or its numbers if it has none. */
export function optionName(level: number, option: number): string {
  const all = Object.entries(constants as Record<string, unknown>);
  for (const [name, names] of Object.entries(LEVELS)) {
    if ((constants as Record<string, unknown>)[name] !== level) continue;
    const found = all.find(([candidate, number]) => number === option && names.test(candidate));
    if (found !== undefined) return found[0];
  }
  return `option ${option} of level ${level}`;
}

// Socket options of the default backend: what streams and datagram sockets have in common.

/** Returns the error for an option that Deno cannot set. */
export function unknownOption(syscall: string, level: number, option: number): OSError {
  return errorFor("ENOPROTOOPT", { syscall, hint: `${optionName(level, option)}: ${NATIVE_HINT}` });
}

/** Returns the int in an option's value, as the kernel reads it: a number, or the first four bytes. */
export function optionNumber(value: number | Uint8Array): number {
  if (typeof value === "number") return value;
  if (value.length < 4) throw errorFor("EINVAL", { syscall: "setsockopt" });
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getInt32(0, true);
}

/** Returns an option's value as getsockopt does: the number, or its first `size` bytes. */
export function optionValue(value: number, size: number | undefined): number | Uint8Array {
  if (size === undefined) return value;
  return new Uint8Array(new Int32Array([value]).buffer, 0, Math.min(size, 4)).slice();
}

/** Options of SOL_SOCKET that cannot be set. */
const READ_ONLY = [SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ERROR, SO_ACCEPTCONN];

/** Throws for an option of SOL_SOCKET that cannot be set. */
export function checkSettable(name: number): void {
  if (READ_ONLY.includes(name)) throw errorFor("ENOPROTOOPT", { syscall: "setsockopt" });
}

/** Returns the options that describe how a socket was opened; undefined for any other option. */
export function kindOption(name: number, family: number, type: number): number | undefined {
  if (name === SO_TYPE) return type;
  if (name === SO_DOMAIN) return family;
  if (name !== SO_PROTOCOL) return undefined;
  return family === AF_UNIX ? 0 : type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
}

// Socket options of streams on Deno's net API. They are kept here, and passed to Deno when it listens or connects.

/** The options of a stream that can be set. */
export class StreamOptions {
  readonly #family: number;
  #reuseAddr = 0;
  #reusePort = 0;
  #keepAlive = 0;
  /** SO_BROADCAST has no effect on a stream, but the kernel stores it. */
  #broadcast = 0;
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
      if (name === SO_BROADCAST) return this.#broadcast;
    } else if (this.#family === AF_UNIX) throw errorFor("EOPNOTSUPP", { syscall: "getsockopt" });
    else if (level === IPPROTO_TCP && name === TCP_NODELAY) return this.#noDelay;
    // Deno's IPv6 listeners accept IPv4 connections too, which is Linux's default.
    else if (this.#isV6Only(level, name)) return 0;
    throw unknownOption("getsockopt", level, name);
  }

  /** Sets an option. `apply` passes it to a connection. */
  set(level: number, name: number, value: number): void {
    const flag = value === 0 ? 0 : 1;
    if (level === SOL_SOCKET) {
      checkSettable(name);
      if (name === SO_REUSEADDR) this.#reuseAddr = flag;
      else if (name === SO_REUSEPORT) {
        // Without the flag --unstable-net, Deno ends the whole process when a listener uses SO_REUSEPORT.
        if (flag !== 0) checkUnstableNet("SO_REUSEPORT needs", "ENOPROTOOPT", "setsockopt");
        this.#reusePort = flag;
      } else if (name === SO_KEEPALIVE) this.#keepAlive = flag;
      else if (name === SO_BROADCAST) this.#broadcast = flag;
      else throw unknownOption("setsockopt", level, name);
    } else if (this.#family === AF_UNIX) throw errorFor("EOPNOTSUPP", { syscall: "setsockopt" });
    else if (level === IPPROTO_TCP && name === TCP_NODELAY) this.#noDelay = flag;
    else if (!this.#isV6Only(level, name) || flag !== 0) throw unknownOption("setsockopt", level, name);
  }

  #isV6Only(level: number, name: number): boolean {
    return this.#family === AF_INET6 && level === IPPROTO_IPV6 && name === IPV6_V6ONLY;
  }

  /** Returns a copy for an accepted connection. On Linux it has its listener's options. */
  inherit(): StreamOptions {
    const options = new StreamOptions(this.#family);
    options.#reuseAddr = this.#reuseAddr;
    options.#reusePort = this.#reusePort;
    options.#keepAlive = this.#keepAlive;
    options.#noDelay = this.#noDelay;
    options.#broadcast = this.#broadcast;
    return options;
  }

  /** Sets the options of a connection that differ from what was set on it before. */
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

// Checks that refuse what no socket of the default backend supports. They throw the kernel's errors.

/** The alternative. Every error for what Deno's net API cannot do names it. */
export const NATIVE_HINT = 'Deno\'s net API cannot do this. Native sockets can: import "@berkeley/socket/native"';

/** Throws for flags that the default backend does not support. */
export function checkFlags(syscall: string, flags: number, served: number): void {
  if ((flags & ~served) !== 0) throw errorFor("EOPNOTSUPP", { syscall, hint: `flags ${flags}: ${NATIVE_HINT}` });
}

/** Throws if there are control messages to send. */
export function checkAncillary(ancillary: AncillaryData[]): void {
  if (ancillary.length === 0) return;
  throw errorFor("EOPNOTSUPP", { syscall: "sendmsg", hint: `ancillary data: ${NATIVE_HINT}` });
}

/** Throws without Deno's flag --unstable-net. Deno.listenDatagram exists only with that flag. */
export function checkUnstableNet(needy: string, code: ErrnoName, syscall: string): void {
  if (Deno.listenDatagram !== undefined) return;
  const hint = `${needy} Deno's flag --unstable-net (or "unstable": ["net"] in deno.json)`;
  throw errorFor(code, { syscall, hint });
}

/** Throws unless `how` is SHUT_RD, SHUT_WR or SHUT_RDWR. */
export function checkHow(how: number): void {
  if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR) throw errorFor("EINVAL", { syscall: "shutdown" });
}
