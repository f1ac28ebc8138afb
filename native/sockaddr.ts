// Conversion of struct sockaddr of each family to and from CPython's addresses.
//
// base/addresses.ts has checked the addresses. All calls share one structure for sending and one for receiving. No call
// waits, so no two calls use them at the same time, and a UDP server allocates only the addresses that it returns.

import { fromUnixPathBytes, toUnixPathBytes } from "../base/addresses.ts";
import type {
  Address,
  Inet6Address,
  InetAddress,
  NumberedAddress,
  PacketAddress,
  UnixAddress,
} from "../base/addresses.ts";
import { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_QIPCRTR, AF_UNIX, AF_VSOCK } from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from "../base/ip.ts";
import { call } from "./call.ts";
import { libcNames } from "./names/libc.ts";

/** sizeof(struct sockaddr_storage), enough for every family. */
const STORAGE = 128;
/** IFNAMSIZ: the size of an interface's name with its final zero. */
export const IFNAMSIZ = 16;

/** The address that `encode` wrote last. */
export const outgoing: Uint8Array<ArrayBuffer> = new Uint8Array(STORAGE);
const out = new DataView(outgoing.buffer);

/** The address that the kernel wrote last. */
export const incoming: Uint8Array<ArrayBuffer> = new Uint8Array(STORAGE);
/** The length of that address. Before a call it is the size of the memory. */
export const incomingLength: Uint32Array<ArrayBuffer> = new Uint32Array(1);

/** Prepares `incoming` for a call, and returns it. */
export function prepareIncoming(): Uint8Array<ArrayBuffer> {
  incomingLength[0] = STORAGE;
  return incoming;
}

/** Returns the address that the kernel wrote; null if it wrote none, as for the peer of a stream. */
export function received(): Address | null {
  return decode(incoming, incomingLength[0]);
}

/** The size of the caches of hosts. Parsing and formatting cost ten times a look-up. A full cache is cleared. */
const REMEMBERED = 4096;

function remember<K, V>(cache: Map<K, V>, key: K, value: V): V {
  if (cache.size >= REMEMBERED) cache.clear();
  cache.set(key, value);
  return value;
}

const bytesOfHost = new Map<string, Uint8Array>();
const textOfHost = new Map<number, string>();

/** Whether a host was encoded before, and so is a literal. Parsing it again took a twelfth of a UDP echo. */
export function isKnownLiteral(host: string): boolean {
  return bytesOfHost.has(host);
}

/** Returns the bytes of a literal host. "" stands for every interface. */
function hostBytes(family: number, host: string): Uint8Array {
  if (host === "") return new Uint8Array(family === AF_INET ? 4 : 16);
  const known = bytesOfHost.get(host);
  if (known !== undefined) return known;
  const bytes = family === AF_INET ? parseIPv4(host) : parseIPv6(host);
  if (bytes === undefined) throw errorFor("EINVAL", { address: host, hint: "the host was not looked up" });
  return remember(bytesOfHost, host, bytes);
}

/** Writes an address to `outgoing`, and returns its length. */
export function encode(family: number, address: Address): number {
  outgoing[0] = family;
  switch (family) {
    case AF_INET: {
      const [host, port] = address as InetAddress;
      // Written byte by byte: calls of DataView, set and fill take 44 ns instead of 13.
      outgoing[2] = port >> 8;
      outgoing[3] = port;
      const bytes = hostBytes(AF_INET, host);
      for (let i = 0; i < 4; i++) outgoing[4 + i] = bytes[i];
      for (let i = 8; i < 16; i++) outgoing[i] = 0;
      return 16;
    }
    case AF_INET6: {
      const [host, port, flowinfo, scope] = address as Inet6Address;
      out.setUint16(2, port);
      out.setUint32(4, flowinfo);
      outgoing.set(hostBytes(AF_INET6, host), 8);
      out.setUint32(24, scope, true);
      return 28;
    }
    case AF_UNIX:
      return encodeUnix(address as UnixAddress);
    case AF_PACKET:
      return encodePacket(address as PacketAddress);
    case AF_NETLINK: // pid, groups
    case AF_QIPCRTR: // node, port
    case AF_VSOCK: { // the port first, then the cid
      const [first, second] = address as NumberedAddress;
      outgoing.fill(0, 2, 16);
      out.setUint32(family === AF_VSOCK ? 8 : 4, first, true);
      out.setUint32(family === AF_VSOCK ? 4 : 8, second, true);
      return family === AF_VSOCK ? 16 : 12;
    }
    default:
      throw errorFor("EAFNOSUPPORT", { address });
  }
}

function encodeUnix(address: UnixAddress): number {
  const path = toUnixPathBytes(address);
  outgoing.set(path, 2);
  outgoing[2 + path.length] = 0;
  // A path ends with a zero. An abstract name ends where the length says. An address that is only the family asks Linux to
  // choose an abstract name (autobind).
  const abstract = path.length === 0 || path[0] === 0;
  return 2 + path.length + (abstract ? 0 : 1);
}

function encodePacket([name, protocol, packetType, hardwareType, hardware]: PacketAddress): number {
  // "" is no interface, although the address of an unbound socket has it. Index 0 would bind to every interface.
  const index = interfaceIndex(name);
  outgoing.fill(0, 2, 20);
  out.setUint16(2, protocol);
  out.setInt32(4, index, true);
  out.setUint16(8, hardwareType, true);
  outgoing[10] = packetType;
  outgoing[11] = hardware.length;
  outgoing.set(hardware, 12);
  return 20;
}

function interfaceIndex(name: string): number {
  const index = libcNames().if_nametoindex(new TextEncoder().encode(`${name}\0`));
  // It returns 0 on failure, where other calls return -1.
  return call(index === 0 ? -1 : index, "if_nametoindex", name);
}

/** Returns the name of a network interface; "" if there is none of this index, as in CPython. */
function interfaceName(index: number): string {
  const name = new Uint8Array(IFNAMSIZ);
  if (index === 0 || libcNames().if_indextoname(index, name) === null) return "";
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}

/** Reads a sockaddr. Returns null if it has no length, as for the peer of a stream. */
export function decode(bytes: Uint8Array, length: number): Address | null {
  if (length < 2) return null;
  const family = bytes[0] | bytes[1] << 8;
  if (family === AF_INET) return [hostOf4(bytes), bytes[2] << 8 | bytes[3]];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (family) {
    case AF_INET6:
      return [hostOf6(bytes), view.getUint16(2), view.getUint32(4), view.getUint32(24, true)];
    case AF_UNIX:
      return decodeUnix(bytes.subarray(2, length));
    case AF_PACKET: {
      const [name, hardware] = [interfaceName(view.getUint32(4, true)), bytes.slice(12, 12 + bytes[11])];
      return [name, view.getUint16(2), bytes[10], view.getUint16(8, true), hardware];
    }
    case AF_NETLINK:
    case AF_QIPCRTR:
      return [view.getUint32(4, true), view.getUint32(8, true)];
    case AF_VSOCK:
      return [view.getUint32(8, true), view.getUint32(4, true)];
    default:
      // As in CPython, an unknown family is returned as its number and the bytes.
      return [family, bytes.slice(2, length)] as unknown as Address;
  }
}

function hostOf4(bytes: Uint8Array): string {
  const number = bytes[4] << 24 | bytes[5] << 16 | bytes[6] << 8 | bytes[7];
  return textOfHost.get(number) ?? remember(textOfHost, number, formatIPv4(bytes.subarray(4, 8)));
}

const last = new Uint8Array(16);
let lastText = "::";

/** Formats an IPv6 host only if it differs from the last one. In a flow of datagrams it rarely does. */
function hostOf6(bytes: Uint8Array): string {
  for (let i = 0; i < 16; i++) {
    if (bytes[8 + i] !== last[i]) {
      last.set(bytes.subarray(8, 24));
      return lastText = formatIPv6(last);
    }
  }
  return lastText;
}

function decodeUnix(path: Uint8Array): UnixAddress {
  // An abstract name may contain zeros and ends with the length. A path ends at its first zero.
  const end = path[0] === 0 ? -1 : path.indexOf(0);
  return fromUnixPathBytes(end < 0 ? path : path.subarray(0, end));
}
