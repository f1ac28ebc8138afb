// Inputs for everything that parses text or bytes: valid ones, random ones, and valid ones with mistakes.

import type { Module } from "../conformance/fixtures.ts";
import type { Random } from "./random.ts";

/** Bytes as JSON has them. */
export type Plain = null | boolean | number | string | Plain[] | { b: number[] };

/** A call of a function, or of a method of a new socket. */
export interface Case {
  on?: [family: number, type: number];
  call: [name: string, args: Plain[]];
}

/** Bytes that a file reads, its options, and calls on it with their sizes. */
export interface FileCase {
  file: [data: number[], options: Record<string, string | null>, calls: [name: string, size: number | null][]];
}

/** A message with some descriptors, and the room for its control messages. */
export interface PassedCase {
  passed: [stream: boolean, credentials: boolean, descriptors: number, room: number];
}

const NUMERIC = "0123456789abcdefxX.:%/[]+- ";
const ANYTHING = NUMERIC + "gzGZ_\0\t\n\u00e9\u4e16\u{1f600}*";

const ADDRESSES = [
  ..."127.0.0.1 127.1 0x7f.1 0177.0.0.01 2130706433 255.255.255.255 1.2.3.4 0.0.0.0 10.0.0.256 1.2.3.4.5".split(" "),
  ...":: ::1 fe80::1 fe80::1%lo fe80::1%1 2001:db8::8:800:200c:417a ::ffff:1.2.3.4 1:2:3:4:5:6:7:8 1::2::3".split(" "),
  ...":::: 1:2:3:4:5:6:1.2.3.4 ::1.2.3 ::12345 0:0:0:0:0:0:0:0 64:ff9b::192.0.2.33".split(" "),
];
const SERVICES = [
  "http",
  "https",
  "ssh",
  "domain",
  "HTTP",
  "80",
  "0",
  "65535",
  "-1",
  "0x50",
  " 80",
  "80 ",
  "",
];
const PROTOCOLS = ["tcp", "udp", "TCP", "icmp", "sctp", "ip", "ipv6", "", "x"];

const bytes = (data: Uint8Array): Plain => ({ b: [...data] });
const address = (r: Random): string => r.mutate(r.pick(ADDRESSES), r.pick([NUMERIC, NUMERIC, ANYTHING]));

/** Addresses as numbers and text: inet_*. */
export function inet(m: Module, r: Random): Case {
  const family = r.pick([m.AF_INET, m.AF_INET, m.AF_INET6, m.AF_INET6, m.AF_INET6, m.AF_UNIX, 99]);
  return {
    call: r.pick<() => Case["call"]>([
      () => ["inet_aton", [address(r)]],
      () => ["inet_aton", [r.text(NUMERIC, r.below(20))]],
      () => ["inet_pton", [family, address(r)]],
      () => ["inet_pton", [family, r.text(NUMERIC, r.below(40))]],
      () => ["inet_ntoa", [bytes(r.bytes(r.pick([4, 4, 4, 0, 3, 5, 16])))]],
      () => ["inet_ntop", [family, bytes(r.bytes(r.pick([4, 16, 16, 0, 3, 17])))]],
      () => ["inet_ntop", [m.AF_INET6, bytes(r.bytes(16).map((byte) => byte < 170 ? 0 : byte))]],
    ])(),
  };
}

/**
 * getaddrinfo of IP addresses and services, which looks nothing up. The ports are valid ones: glibc takes any number
 * and truncates it to 16 bits, which is EAI_SERVICE here.
 */
export function addrinfo(m: Module, r: Random): Case {
  const service = r.pick<() => Plain>([
    () => r.pick(SERVICES),
    () => r.mutate(r.pick(SERVICES), ANYTHING.replace("\0", "")).replace(/\d{5,}/, "443"),
    () => r.below(65536),
    () => null,
  ])();
  const family = r.pick([m.AF_UNSPEC, m.AF_UNSPEC, m.AF_INET, m.AF_INET6]);
  const flags = m.AI_NUMERICHOST | r.pick([0, m.AI_NUMERICSERV, m.AI_PASSIVE]);
  // An empty label is a mistake that CPython finds before any other, be it in a host name or in digits.
  // (glibc takes "lo:" for an alias of lo, too.)
  const scopes = family === m.AF_INET ? /[\0%]/g : /\0/g;
  const literal = () =>
    address(r).replace(scopes, "").replace(/%.*/, (scope) => scope.replaceAll(":", "")).replace(/\.{2,}/g, ".").replace(
      /^\./,
      "",
    );
  const host = r.pick<() => string | null>([literal, literal, literal, () => null, () => ""])();
  return { call: ["getaddrinfo", [host, service, family, r.pick([m.SOCK_STREAM, m.SOCK_DGRAM]), 0, flags]] };
}

/** Names and numbers of services and protocols. */
export function services(_m: Module, r: Random): Case {
  const name = () => r.mutate(r.pick(SERVICES), "abcdefghstp0123456789-. ");
  const protocol = () => r.mutate(r.pick(PROTOCOLS), "tcpudi6");
  return {
    call: r.pick<() => Case["call"]>([
      () => ["getservbyname", [name()]],
      () => ["getservbyname", [name(), protocol()]],
      () => ["getservbyport", [r.pick([r.below(1024), r.integer()])]],
      () => ["getservbyport", [r.below(1024), protocol()]],
      () => ["getprotobyname", [protocol()]],
    ])(),
  };
}

/** Numbers: byte order, sizes of control messages. */
export function numbers(_m: Module, r: Random): Case {
  const name = r.pick(["htons", "ntohs", "htonl", "ntohl", "CMSG_LEN", "CMSG_SPACE"]);
  return { call: [name, [r.pick<() => Plain>([() => r.integer(), () => r.pick([null, "1", 1.5, []])])()]] };
}

const nothing = (r: Random): Plain => r.pick<Plain>([null, 1, "x", 1.5, [], ["x"], { b: [1] }]);

/**
 * Addresses as arguments, with one mistake at a time: the order of CPython's checks is not tested. A connect of a
 * datagram socket sends nothing, and the hosts are addresses of this host. (CPython truncates a flowinfo or scope id
 * above 32 bits, which is a RangeError here.)
 */
export function shapes(m: Module, r: Random): Case {
  const [family, own, other] = r.pick([
    [m.AF_INET, ["127.0.0.1", "127.1", "127.0.0.2", "0x7f.0.0.1"], ["::1", "::1%1"]],
    [m.AF_INET6, ["::1", "0:0::1"], ["127.0.0.1", "127.1"]],
  ] as [number, string[], string[]][]);
  const port = 1 + r.below(65535);
  const word = (): number => r.pick([0, 1, 0xfffff, 0x100000, 0xffffffff]);
  const shape = r.pick<() => Plain>([
    () => [r.pick(own), port],
    () => [r.pick(other), port],
    () => [r.pick(own), r.integer()],
    () => [r.pick(own), nothing(r)],
    () => [r.pick<Plain>([null, 1, 1.5, [], ["x"]]), port],
    () => [r.pick(own), port, word(), 0].slice(0, r.below(5)),
    () => [r.pick(own), port, 0, word(), 0].slice(0, r.below(6)),
    () => nothing(r),
  ])();
  return { on: [family, m.SOCK_DGRAM], call: ["connect", [shape]] };
}

/** Unix paths without a socket. */
export function paths(m: Module, r: Random): Case {
  const length = 1 + r.pick([r.below(12), 100 + r.below(16)]);
  const path = r.pick<() => Plain>([
    () => r.text("abc/.\u00e9", length),
    () => "\0" + r.text("abc\0\u00e9", length),
    () => nothing(r) as Plain,
  ])();
  return { on: [m.AF_UNIX, m.SOCK_STREAM], call: ["connect", [path]] };
}

/** Option values as bytes and numbers, struct ip_mreq and ipv6_mreq included. No group is joined. */
export function options(m: Module, r: Random): Case {
  const value = r.pick<() => Plain>([
    () => r.below(3),
    () => bytes(r.bytes(r.below(9)).map((byte) => byte & 1)),
    () => bytes(r.bytes(r.pick([8, 12, 20, r.below(30)])).map((byte) => byte & 127)),
  ])();
  const [family, level, option] = r.pick([
    [m.AF_INET, m.SOL_SOCKET, m.SO_REUSEADDR],
    [m.AF_INET, m.SOL_SOCKET, m.SO_REUSEPORT],
    [m.AF_INET, m.SOL_SOCKET, m.SO_KEEPALIVE],
    [m.AF_INET, m.SOL_SOCKET, m.SO_BROADCAST],
    [m.AF_INET, m.SOL_SOCKET, m.SO_TYPE],
    [m.AF_INET, m.SOL_SOCKET, m.SO_ERROR],
    [m.AF_INET, m.IPPROTO_TCP, m.TCP_NODELAY],
    [m.AF_INET, m.IPPROTO_IP, m.IP_MULTICAST_TTL],
    [m.AF_INET, m.IPPROTO_IP, m.IP_MULTICAST_LOOP],
    [m.AF_INET, m.IPPROTO_IP, m.IP_ADD_MEMBERSHIP],
    [m.AF_INET, m.IPPROTO_IP, m.IP_DROP_MEMBERSHIP],
    [m.AF_INET6, m.IPPROTO_IPV6, m.IPV6_JOIN_GROUP],
    [m.AF_INET6, m.IPPROTO_IPV6, m.IPV6_LEAVE_GROUP],
    [m.AF_INET6, m.IPPROTO_IPV6, m.IPV6_MULTICAST_LOOP],
  ]);
  // Multicast is useless on a stream, and the default backend does not support it.
  const multicast = level === m.IPPROTO_IP || level === m.IPPROTO_IPV6;
  const type = multicast || (level === m.SOL_SOCKET && r.below(2) === 0) ? m.SOCK_DGRAM : m.SOCK_STREAM;
  return { on: [family, type], call: ["setsockopt", [level, option, value]] };
}

/** Control messages of every kind, also with wrong lengths or closed descriptors. None is received. */
export function ancillary(m: Module, r: Random): Case {
  const level = r.pick([m.SOL_SOCKET, m.SOL_SOCKET, m.SOL_SOCKET, m.IPPROTO_IP, r.below(300)]);
  const type = r.pick([m.SCM_RIGHTS, m.SCM_RIGHTS, m.SCM_CREDENTIALS, r.below(64)]);
  const data = () => bytes(r.bytes(r.pick([0, 4, 8, 12, r.below(40)])).map((byte) => byte | 64));
  const messages = Array.from({ length: 1 + r.below(3) }, (): Plain => [level, type, data()]);
  return { on: [m.AF_UNIX, m.SOCK_DGRAM], call: ["sendmsg", [[{ b: [1] }], messages, 0, "nobody"]] };
}

/** Descriptors and credentials over a Unix socket, received with more room than needed, less or none. */
export function passed(_m: Module, r: Random): PassedCase {
  return { passed: [r.below(2) === 0, r.below(2) === 0, r.below(7), r.below(3) > 0 ? r.below(100) : 200] };
}

/** Text in some encoding with wrong bytes, read by random calls. */
export function files(_m: Module, r: Random): FileCase {
  const encoding = r.pick(["utf-8", "utf-8", "utf-8", "ascii", "latin-1", "utf-16-le"]);
  const text = r.text("ab \n\n\r\r\u00e9\u4e16\u{1f600}\ufeff", r.below(80));
  const data = [...new TextEncoder().encode(text)];
  for (let i = r.below(3); i > 0; i--) data.splice(r.below(data.length + 1), r.below(2), r.below(256));
  const errors = r.pick(["strict", "ignore", "replace", "replace"]);
  const calls = Array.from({ length: r.below(8) }, (): [string, number | null] => [
    r.pick(["read", "readline", "readline", "readlines"]),
    r.pick([null, r.below(12), r.below(12), r.below(12)]),
  ]);
  const newline = r.pick([null, "", "\n", "\r", "\r\n"]);
  // With "strict", CPython drops what it has decoded if a wrong byte follows. This module returns the lines before it
  // first. So only reading everything is compared.
  const all: [string, null] = ["read", null];
  return { file: [data, { encoding, errors, newline }, errors === "strict" ? [all] : [...calls, all]] };
}
