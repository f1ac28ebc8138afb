// Socket addresses: their shapes, and the check that every call with an address makes first.
//
// A checked address is in its normal form: a literal is canonical, and an AF_INET6 address has four elements. So backends
// need not handle other spellings.

import { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_QIPCRTR, AF_UNIX, AF_UNSPEC, AF_VSOCK } from "./constants.ts";
import { nameOf } from "./data.ts";
import { gaiErrorFor, OSError } from "./errors.ts";
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6, parseLenientIPv4 } from "./ip.ts";
import { platform } from "./platform.ts";

/** An address of AF_INET. */
export type InetAddress = [host: string, port: number];

/** An address of AF_INET6. */
export type Inet6Address = [host: string, port: number, flowinfo: number, scopeId: number];

/**
 * An address of AF_UNIX: a path, or `""` for none. A leading "\0" makes it a name in Linux's abstract namespace. A path that
 * is no UTF-8 is a Uint8Array.
 */
export type UnixAddress = string | Uint8Array;

/** An address of AF_PACKET: interface, Ethernet protocol, PACKET_ type, ARP hardware type, hardware address. */
export type PacketAddress = [
  interfaceName: string,
  protocol: number,
  packetType: number,
  hardwareType: number,
  hardwareAddress: Uint8Array,
];

/** An address of AF_NETLINK [pid, groups], AF_VSOCK [cid, port] or AF_QIPCRTR [node, port]. */
export type NumberedAddress = [number, number];

/** The address of a socket, as calls return it. Its shape depends on the socket's family. */
export type Address = InetAddress | Inet6Address | UnixAddress | PacketAddress | NumberedAddress;

/** The type of the addresses of a family. */
export type AddressOf<F extends number> = F extends typeof AF_INET ? InetAddress
  : F extends typeof AF_INET6 ? Inet6Address
  : F extends typeof AF_UNIX ? UnixAddress
  : Address;

/**
 * The address of a socket, as calls accept it: a list with the shape of the socket's family (see {@linkcode Address}), or a
 * path. Parts that are optional in Python are optional here.
 *
 * `host` is a name or a literal address, as text or as bytes. `""` is every interface, and `"<broadcast>"` is
 * 255.255.255.255. The type accepts any list of such parts, so that `const address = ["127.0.0.1", 9999]` is an address.
 * The shape is checked when the address is used.
 */
export type AddressLike = readonly (string | number | Uint8Array)[] | string | Uint8Array;

/** sizeof sun_path */
const PATH_SIZE = platform === "darwin" ? 104 : 108;
const MAX_U32 = 0xffffffff;

/** Checks an integer from 0 to `max`, with the errors of Python. */
function checkNumber(value: unknown, max: number, name: string, syscall: string): number {
  if (typeof value !== "number") throw new TypeError(`${syscall}(): ${name} must be a number, not ${nameOf(value)}`);
  if (Number.isFinite(value) && !Number.isInteger(value)) {
    throw new TypeError(`${syscall}(): ${name} must be an integer, not ${value}`);
  }
  if (!(value >= 0 && value <= max)) throw new RangeError(`${syscall}(): ${name} must be 0-${max}.`);
  return value;
}

/** Checks that an address is an array of a length that its family allows, and returns its elements. */
function checkTuple(
  family: string,
  address: unknown,
  [least, most]: readonly [number, number],
  shape: string,
  syscall: string,
): readonly unknown[] {
  if (!Array.isArray(address)) {
    throw new TypeError(`${syscall}(): ${family} address must be ${shape}, not ${nameOf(address)}`);
  }
  if (address.length < least || address.length > most) {
    throw new TypeError(`${syscall}(): ${family} address must be ${shape}`);
  }
  return address;
}

/** The last host that was canonical. Most datagrams go to the same host as the one before, and parsing is slow. */
let last = { host: "", family: -1 };

/**
 * Converts a host to text. Python accepts bytes too, and gives them to the resolver unchanged. A value of another type is
 * returned unchanged.
 */
export function hostText(host: unknown, syscall: string): unknown {
  if (!(host instanceof Uint8Array)) return host;
  if (host.some((byte) => byte > 0x7f)) throw gaiErrorFor("EAI_NONAME", { syscall, address: host });
  return decoder.decode(host);
}

/**
 * Checks the host of an address. A literal becomes canonical; names and `""` do not change. A literal of another family
 * throws the error of getaddrinfo(3).
 */
export function checkHost(family: number, given: unknown, syscall: string): string {
  const host = typeof given === "string" ? given : hostText(given, syscall);
  if (typeof host !== "string") throw new TypeError(`${syscall}(): host must be a string, not ${nameOf(host)}`);
  if (host === last.host && family === last.family) return host;
  if (host.includes("\0")) throw new TypeError("host name must not contain null character");
  if (host === "<broadcast>") {
    if (family === AF_INET6) throw new OSError("address family mismatched", undefined, { syscall, address: host });
    return "255.255.255.255";
  }
  const literal = parseLiteral(host);
  if (literal === undefined) return host;
  if (literal.host === host && literal.family === family) last = { host, family };
  if (literal.family === family || family === AF_UNSPEC) return literal.host;
  // getaddrinfo(3) accepts an IPv4-mapped address for AF_INET.
  if (family === AF_INET && literal.host.startsWith("::ffff:") && literal.host.includes(".")) {
    return literal.host.slice("::ffff:".length);
  }
  throw gaiErrorFor("EAI_ADDRFAMILY", { syscall, address: host });
}

function checkInet(address: unknown, syscall: string): InetAddress {
  const [host, port] = checkTuple("AF_INET", address, [2, 2], "[host, port]", syscall);
  return [checkHost(AF_INET, host, syscall), checkNumber(port, 65535, "port", syscall)];
}

function checkInet6(address: unknown, syscall: string): Inet6Address {
  const shape = "[host, port] or [host, port, flowinfo, scopeId]";
  const [host, port, flowinfo = 0, scopeId = 0] = checkTuple("AF_INET6", address, [2, 4], shape, syscall);
  return [
    checkHost(AF_INET6, host, syscall),
    checkNumber(port, 65535, "port", syscall),
    checkNumber(flowinfo, 0xfffff, "flowinfo", syscall),
    checkNumber(scopeId, MAX_U32, "scopeid", syscall),
  ];
}

function checkUnix(address: unknown, syscall: string): UnixAddress {
  if (typeof address !== "string" && !(address instanceof Uint8Array)) {
    throw new TypeError(`${syscall}(): AF_UNIX address must be a string or Uint8Array, not ${nameOf(address)}`);
  }
  const bytes = toUnixPathBytes(address);
  const isAbstract = bytes[0] === 0 && platform === "linux";
  // An abstract name may fill sun_path. A path needs room for a NUL at its end.
  if (bytes.length > (isAbstract ? PATH_SIZE : PATH_SIZE - 1)) {
    throw new OSError("AF_UNIX path too long", undefined, { syscall, address });
  }
  // The kernel reads a path up to its first NUL.
  const end = isAbstract ? -1 : bytes.indexOf(0);
  return fromUnixPathBytes(end < 0 ? bytes : bytes.subarray(0, end));
}

const PACKET_SHAPE = "[interfaceName, protocol, packetType, hardwareType, hardwareAddress], the last three optional";

function checkPacket(address: unknown, syscall: string): PacketAddress {
  const [name, protocol, packetType = 0, hardwareType = 0, hardwareAddress = new Uint8Array(0)] = checkTuple(
    "AF_PACKET",
    address,
    [2, 5],
    PACKET_SHAPE,
    syscall,
  );
  if (typeof name !== "string") throw new TypeError(`${syscall}(): AF_PACKET address must be ${PACKET_SHAPE}`);
  if (!(hardwareAddress instanceof Uint8Array)) {
    throw new TypeError(`${syscall}(): hardware address must be a Uint8Array, not ${nameOf(hardwareAddress)}`);
  }
  if (hardwareAddress.length > 8) throw new RangeError("Hardware address must be 8 bytes or less");
  return [
    name,
    checkNumber(protocol, 65535, "proto", syscall),
    checkNumber(packetType, 255, "packet type", syscall),
    checkNumber(hardwareType, 65535, "hardware type", syscall),
    hardwareAddress,
  ];
}

function checkNumbered(family: string, names: [string, string], address: unknown, syscall: string): NumberedAddress {
  const [first, second] = checkTuple(family, address, [2, 2], `[${names.join(", ")}]`, syscall);
  return [checkNumber(first, MAX_U32, names[0], syscall), checkNumber(second, MAX_U32, names[1], syscall)];
}

/**
 * Checks an address for a family and returns its normal form. As in CPython, a wrong shape is a TypeError, a path that is too
 * long is an OSError, and a literal of another family is a gaierror. A number out of range is a RangeError.
 *
 * A "%2" at the end of an IPv6 literal is dropped, as in CPython: the address's own scope id decides.
 */
export function checkAddress(family: number, address: unknown, syscall: string): Address {
  switch (family) {
    case AF_INET:
      return checkInet(address, syscall);
    case AF_INET6:
      return checkInet6(address, syscall);
    case AF_UNIX:
      return checkUnix(address, syscall);
    case AF_PACKET:
      return checkPacket(address, syscall);
    case AF_NETLINK:
      return checkNumbered("AF_NETLINK", ["pid", "groups"], address, syscall);
    case AF_VSOCK:
      return checkNumbered("AF_VSOCK", ["cid", "port"], address, syscall);
    case AF_QIPCRTR:
      return checkNumbered("AF_QIPCRTR", ["node", "port"], address, syscall);
    default:
      throw new OSError(`${syscall}(): bad family`, undefined, { syscall, address });
  }
}

const STARTS_WITH_DIGIT = /^[0-9]/;

/**
 * Returns the family and the canonical form of a literal address, or undefined for a name. IPv4 may have the forms of
 * inet_aton(3), such as "127.1". IPv6 may have a numeric scope. (The name of an interface as scope needs a look-up.)
 */
export function parseLiteral(host: string): { family: number; host: string; scopeId: number } | undefined {
  // Most names are told apart without parsing.
  if (!STARTS_WITH_DIGIT.test(host) && !host.includes(":")) return undefined;
  const ipv4 = parseLenientIPv4(host);
  if (ipv4 !== undefined) return { family: AF_INET, host: formatIPv4(ipv4), scopeId: 0 };
  const [, literal, scope = "0"] = /^([^%]*)(?:%([0-9]{1,10}))?$/.exec(host) ?? [];
  const ipv6 = literal === undefined || Number(scope) > MAX_U32 ? undefined : parseIPv6(literal);
  return ipv6 && { family: AF_INET6, host: formatIPv6(ipv6), scopeId: Number(scope) };
}

/** Whether a host is a canonical literal of a family (AF_UNSPEC: of any), as {@linkcode checkAddress} leaves them. */
export function isLiteral(host: string, family: number): boolean {
  if (family !== AF_INET6 && parseIPv4(host) !== undefined) return true;
  return family !== AF_INET && parseIPv6(host) !== undefined;
}

/** Returns the wildcard address, which means all interfaces: "" in bind. */
export function wildcard(family: number): string {
  return family === AF_INET6 ? "::" : "0.0.0.0";
}

/** Returns the loopback address. The kernel uses it for the wildcard address as a destination. */
export function loopback(family: number): string {
  return family === AF_INET6 ? "::1" : "127.0.0.1";
}

/** Whether a canonical literal is a loopback address. */
export function isLoopback(host: string): boolean {
  return host === "::1" || host.startsWith("127.");
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Returns a path as the bytes of sun_path, without a NUL at its end. */
export function toUnixPathBytes(path: UnixAddress): Uint8Array {
  return typeof path === "string" ? encoder.encode(path) : path;
}

/** Returns the path in the bytes of sun_path. It is a string if it is UTF-8. */
export function fromUnixPathBytes(bytes: Uint8Array): UnixAddress {
  try {
    return decoder.decode(bytes);
  } catch {
    return bytes.slice();
  }
}
