// Socket options: the options of each kind of socket, their defaults, and the form of their values, as on Linux.

import * as c from "../base/constants.ts";
import type { ErrnoName } from "../base/errno.ts";
import { errorFor } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import type { BlockingLimits } from "../seam/transport.ts";

/** The hint for options that only real sockets have. */
const HINT = "the simulation does not have it; sockets of @berkeley/socket/native do";

/** How the value of an option is read and stored. */
interface Kind {
  /** Returns the value to store for a value that is set. Throws if it is out of range. */
  keep(value: number): number;
  /** Whether a value of one byte is valid too, as for IPPROTO_IP. */
  readonly byte?: boolean;
}

function invalid(code: ErrnoName = "EINVAL"): OSError {
  return errorFor(code, { syscall: "setsockopt" });
}

const flag: Kind = { keep: (value) => value === 0 ? 0 : 1 };
const byteFlag: Kind = { keep: flag.keep, byte: true };
/** Makes the kind for the bits of IP_TOS that a socket may set. */
function tos(mask: number): Kind {
  return { keep: (value) => value & mask, byte: true };
}
const readOnly: Kind = {
  keep() {
    throw invalid("ENOPROTOOPT");
  },
};
function between(least: number, most: number, code?: ErrnoName): Kind {
  return {
    keep(value) {
      if (value < least || value > most) throw invalid(code);
      return value;
    },
  };
}
/** Makes the kind for a buffer size. The kernel doubles it to have room for bookkeeping. */
function buffer(least: number, most: number): Kind {
  return { keep: (value) => Math.max(Math.min(value < 0 ? most : value, most) * 2, least) };
}
/** Makes the kind for a number of one byte. -1 restores the default. */
function byteOr(standard: number, least: number): Kind {
  return {
    byte: true,
    keep(value) {
      if (value === -1) return standard;
      if (value < least || value > 255) throw invalid();
      return value;
    },
  };
}

type Entry = [level: number, name: number, first: number, kind: Kind];

/** Microseconds in a second. */
const MICROSECONDS = 1_000_000;

/** net.core.rmem_max and wmem_max. */
const LARGEST_BUFFER = 212_992;
/** net.core.rmem_default and wmem_default. */
const BUFFER = 212_992;
/** net.ipv4.tcp_fin_timeout. */
const FIN_TIMEOUT = 60;
/** net.ipv4.tcp_rmem and tcp_wmem. */
const TCP_RECEIVE = 131_072;
const TCP_SEND = 16_384;

const SOCKET: Entry[] = [
  [c.SOL_SOCKET, c.SO_DEBUG, 0, flag],
  [c.SOL_SOCKET, c.SO_REUSEADDR, 0, flag],
  [c.SOL_SOCKET, c.SO_REUSEPORT, 0, flag],
  [c.SOL_SOCKET, c.SO_KEEPALIVE, 0, flag],
  [c.SOL_SOCKET, c.SO_BROADCAST, 0, flag],
  [c.SOL_SOCKET, c.SO_DONTROUTE, 0, flag],
  [c.SOL_SOCKET, c.SO_OOBINLINE, 0, flag],
  // Other values need the capability CAP_NET_ADMIN.
  [c.SOL_SOCKET, c.SO_PRIORITY, 0, between(0, 6, "EPERM")],
  [c.SOL_SOCKET, c.SO_RCVLOWAT, 1, { keep: (value) => value < 0 ? 2 ** 31 - 1 : Math.max(value, 1) }],
  [c.SOL_SOCKET, c.SO_SNDLOWAT, 1, readOnly],
  [c.SOL_SOCKET, c.SO_RCVBUF, BUFFER, buffer(2304, LARGEST_BUFFER)],
  [c.SOL_SOCKET, c.SO_SNDBUF, BUFFER, buffer(4608, LARGEST_BUFFER)],
  [c.SOL_SOCKET, c.SO_TYPE, 0, readOnly],
  [c.SOL_SOCKET, c.SO_DOMAIN, 0, readOnly],
  [c.SOL_SOCKET, c.SO_PROTOCOL, 0, readOnly],
  [c.SOL_SOCKET, c.SO_ACCEPTCONN, 0, readOnly],
  [c.SOL_SOCKET, c.SO_ERROR, 0, readOnly],
];

const INET: Entry[] = [
  [c.IPPROTO_IP, c.IP_TOS, 0, tos(0xff)],
  [c.IPPROTO_IP, c.IP_TTL, 64, byteOr(64, 1)],
  [c.IPPROTO_IP, c.IP_MULTICAST_TTL, 1, byteOr(1, 0)],
  [c.IPPROTO_IP, c.IP_MULTICAST_LOOP, 1, byteFlag],
];

const INET6: Entry[] = [
  [c.IPPROTO_IPV6, c.IPV6_V6ONLY, 0, flag],
  [c.IPPROTO_IPV6, c.IPV6_UNICAST_HOPS, 64, { keep: (value) => value === -1 ? 64 : between(0, 255).keep(value) }],
  [c.IPPROTO_IPV6, c.IPV6_MULTICAST_HOPS, 1, { keep: (value) => value === -1 ? 1 : between(0, 255).keep(value) }],
  [c.IPPROTO_IPV6, c.IPV6_MULTICAST_LOOP, 1, between(0, 1)],
  // A host has two interfaces. 0 means the default one.
  [c.IPPROTO_IPV6, c.IPV6_MULTICAST_IF, 0, between(0, 2, "ENODEV")],
  [c.IPPROTO_IPV6, c.IPV6_TCLASS, 0, { keep: (value) => value === -1 ? 0 : between(0, 255).keep(value) }],
];

const TCP: Entry[] = [
  // The kernel keeps the bits of ECN for itself.
  [c.IPPROTO_IP, c.IP_TOS, 0, tos(0xfc)],
  [c.IPPROTO_TCP, c.TCP_NODELAY, 0, flag],
  [c.IPPROTO_TCP, c.TCP_MAXSEG, 0, { keep: (value) => value === 0 ? 0 : between(88, 32767).keep(value) }],
  [c.IPPROTO_TCP, c.TCP_CORK, 0, flag],
  [c.IPPROTO_TCP, c.TCP_KEEPIDLE, 7200, between(1, 32767)],
  [c.IPPROTO_TCP, c.TCP_KEEPINTVL, 75, between(1, 32767)],
  [c.IPPROTO_TCP, c.TCP_KEEPCNT, 9, between(1, 127)],
  [c.IPPROTO_TCP, c.TCP_SYNCNT, 6, between(1, 127)],
  [c.IPPROTO_TCP, c.TCP_LINGER2, FIN_TIMEOUT, {
    keep: (value) => value < 0 ? -1 : value === 0 ? FIN_TIMEOUT : Math.min(value, 2 * FIN_TIMEOUT),
  }],
  [c.IPPROTO_TCP, c.TCP_QUICKACK, 1, flag],
  [c.IPPROTO_TCP, c.TCP_USER_TIMEOUT, 0, between(0, 2 ** 31 - 1)],
];

function keyOf(level: number, name: number): number {
  return level * 2 ** 16 + name;
}

/** The options of each family and type of socket. They are listed when the first such socket opens. */
const kinds = new Map<string, Map<number, Entry>>();

function entriesOf(family: number, type: number): Map<number, Entry> {
  const key = `${family} ${type}`;
  let found = kinds.get(key);
  if (found === undefined) {
    const lists = [SOCKET];
    if (family !== c.AF_UNIX) lists.push(INET);
    if (family === c.AF_INET6) lists.push(INET6);
    if (family !== c.AF_UNIX && type === c.SOCK_STREAM) lists.push(TCP);
    found = new Map(lists.flat().map((entry) => [keyOf(entry[0], entry[1]), entry]));
    kinds.set(key, found);
  }
  return found;
}

/** Reads the value of an integer option, as the kernel does: a number, or the first four bytes. */
export function intOf(value: number | Uint8Array): number {
  if (typeof value === "number") return value;
  if (value.length < 4) throw invalid();
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getInt32(0, true);
}

/** Returns the value of an integer option as getsockopt does: the number, or its first `size` bytes. */
export function answer(value: number, size: number | undefined): number | Uint8Array {
  if (size === undefined) return value;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes.slice(0, size);
}

/** Returns the value of a structure as getsockopt does: its first four bytes as a number, or its first `size` bytes. */
export function answerBytes(bytes: Uint8Array, size: number | undefined): number | Uint8Array {
  if (size === undefined) return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
  return bytes.slice(0, size);
}

/** Reads the microseconds from a struct timeval: 64-bit seconds and 64-bit microseconds. */
function readTimeval(value: number | Uint8Array): number {
  if (typeof value === "number" || value.length < 16) throw invalid();
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const microseconds = view.getBigInt64(8, true);
  if (microseconds < 0n || microseconds >= BigInt(MICROSECONDS)) throw invalid("EDOM");
  const seconds = view.getBigInt64(0, true);
  return seconds < 0n ? -1 : Number(seconds) * MICROSECONDS + Number(microseconds);
}

/** Converts microseconds to a struct timeval. A negative time is read back as zero. */
function timevalOf(microseconds: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  const time = Math.max(microseconds, 0);
  view.setBigInt64(0, BigInt(Math.floor(time / MICROSECONDS)), true);
  view.setBigInt64(8, BigInt(time % MICROSECONDS), true);
  return bytes;
}

/** The options of one socket. */
export class Options {
  readonly #family: number;
  readonly #type: number;
  readonly #entries: Map<number, Entry>;
  /** The values that were set; null if there are none, as on most sockets. */
  #values: Map<number, number> | null = null;
  #linger = new Uint8Array(8);
  /** SO_RCVTIMEO and SO_SNDTIMEO in microseconds. A negative value means that calls do not wait. */
  #receiveTimeout = 0;
  #sendTimeout = 0;
  #limits: BlockingLimits | undefined;

  constructor(family: number, type: number) {
    this.#family = family;
    this.#type = type;
    this.#entries = entriesOf(family, type);
  }

  /** Returns the options of a connection that a listener with these options has accepted. */
  inherit(): Options {
    const options = new Options(this.#family, this.#type);
    if (this.#values !== null) options.#values = new Map(this.#values);
    // In Linux a new connection has the default priority.
    options.#values?.delete(keyOf(c.SOL_SOCKET, c.SO_PRIORITY));
    options.#linger = this.#linger.slice();
    options.#receiveTimeout = this.#receiveTimeout;
    options.#sendTimeout = this.#sendTimeout;
    options.#limits = this.#limits;
    return options;
  }

  /** Returns the value of an integer option. The socket must have the option. */
  number(level: number, name: number): number {
    const key = keyOf(level, name);
    return this.#values?.get(key) ?? this.#entries.get(key)![2];
  }

  /** Returns whether a flag is set. */
  isSet(level: number, name: number): boolean {
    return this.number(level, name) !== 0;
  }

  /** Returns whether the program has set an option. */
  wasSet(level: number, name: number): boolean {
    return this.#values?.has(keyOf(level, name)) ?? false;
  }

  /** SO_LINGER: whether it is on, and its seconds. */
  get linger(): { on: boolean; seconds: number } {
    const view = new DataView(this.#linger.buffer);
    return { on: view.getInt32(0, true) !== 0, seconds: view.getInt32(4, true) };
  }

  /** The limits of the options on blocking calls; undefined if there are none. */
  get limits(): BlockingLimits | undefined {
    return this.#limits;
  }

  /** How many bytes a receive on a stream waits for (SO_RCVLOWAT). */
  get lowWater(): number {
    return this.#limits?.lowWater ?? 1;
  }

  #setLimits(): void {
    const seconds = (time: number) => time === 0 ? null : Math.max(time, 0) / MICROSECONDS;
    const receive = seconds(this.#receiveTimeout);
    const send = seconds(this.#sendTimeout);
    const lowWater = this.#type === c.SOCK_STREAM ? this.number(c.SOL_SOCKET, c.SO_RCVLOWAT) : 1;
    this.#limits = receive === null && send === null && lowWater === 1 ? undefined : { receive, send, lowWater };
  }

  /** Returns the value of an option. */
  get(level: number, name: number, size: number | undefined): number | Uint8Array {
    if (level === c.SOL_SOCKET) {
      if (name === c.SO_TYPE) return answer(this.#type, size);
      if (name === c.SO_DOMAIN) return answer(this.#family, size);
      if (name === c.SO_PROTOCOL) return answer(this.#protocol, size);
      if (name === c.SO_LINGER) return answerBytes(this.#linger, size);
      if (name === c.SO_RCVTIMEO) return answerBytes(timevalOf(this.#receiveTimeout), size);
      if (name === c.SO_SNDTIMEO) return answerBytes(timevalOf(this.#sendTimeout), size);
      if (this.#family !== c.AF_UNIX && this.#type === c.SOCK_STREAM && !this.wasSet(level, name)) {
        if (name === c.SO_RCVBUF) return answer(TCP_RECEIVE, size);
        if (name === c.SO_SNDBUF) return answer(TCP_SEND, size);
      }
    }
    const entry = this.#entries.get(keyOf(level, name));
    if (entry === undefined) throw this.#unknown(level, "getsockopt");
    const value = this.number(level, name);
    // As in Linux, a buffer that is too short for an int gets one byte.
    const isByte = level === c.IPPROTO_IP && size !== undefined && size < 4 && value >= 0 && value <= 255;
    return answer(value, isByte ? Math.min(size, 1) : size);
  }

  get #protocol(): number {
    if (this.#family === c.AF_UNIX) return 0;
    return this.#type === c.SOCK_STREAM ? c.IPPROTO_TCP : c.IPPROTO_UDP;
  }

  /** Sets an option. */
  set(level: number, name: number, value: number | Uint8Array): void {
    if (level === c.SOL_SOCKET && name === c.SO_LINGER) {
      if (typeof value === "number" || value.length < 8) throw invalid();
      this.#linger = value.slice(0, 8);
      new DataView(this.#linger.buffer).setInt32(0, Number(this.linger.on), true);
      return;
    }
    if (level === c.SOL_SOCKET && (name === c.SO_RCVTIMEO || name === c.SO_SNDTIMEO)) {
      if (name === c.SO_RCVTIMEO) this.#receiveTimeout = readTimeval(value);
      else this.#sendTimeout = readTimeval(value);
      return this.#setLimits();
    }
    const entry = this.#entries.get(keyOf(level, name));
    if (entry === undefined) throw this.#unknown(level, "setsockopt");
    const [, , , kind] = entry;
    const isByte = kind.byte === true && typeof value !== "number" && value.length > 0 && value.length < 4;
    const kept = kind.keep(isByte ? value[0] : intOf(value));
    if (this.#family === c.AF_UNIX && level === c.SOL_SOCKET && name === c.SO_REUSEPORT && kept !== 0) {
      throw invalid("EOPNOTSUPP");
    }
    (this.#values ??= new Map()).set(keyOf(level, name), kept);
    if (level === c.SOL_SOCKET && name === c.SO_RCVLOWAT) this.#setLimits();
  }

  #unknown(level: number, syscall: string): OSError {
    const hasLevel = level === c.SOL_SOCKET || level === c.IPPROTO_IP || level === this.#protocol;
    const isForeign = this.#family === c.AF_UNIX
      ? level !== c.SOL_SOCKET
      : this.#family === c.AF_INET && !hasLevel && syscall === "getsockopt";
    return errorFor(isForeign ? "EOPNOTSUPP" : "ENOPROTOOPT", { syscall, hint: HINT });
  }
}
