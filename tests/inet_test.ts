// inet_*, hton* and the check of addresses, compared with CPython's answers to thousands of texts.

import assert from "node:assert/strict";
import { checkAddress, fromUnixPathBytes, isLiteral, toUnixPathBytes, wildcard } from "../base/addresses.ts";
import { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX, AF_UNSPEC, AF_VSOCK } from "../base/constants.ts";
import { htonl, htons, inet_aton, inet_ntoa, inet_ntop, inet_pton, ntohl, ntohs } from "../base/inet.ts";
import { gaierror, OSError } from "../base/errors.ts";
import { pythonTest, runPython } from "./_helpers.ts";

/** A random generator with a seed, so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
}

function mutate(text: string, random: (below: number) => number): string {
  const alphabet = "0123456789abcdefABCDEFxX.:% +-g\n";
  const chars = [...text];
  for (let n = random(3); n >= 0; n--) {
    const at = random(chars.length + 1);
    const char = alphabet[random(alphabet.length)];
    if (random(3) === 0) chars.splice(at, 1);
    else if (random(2) === 0) chars.splice(at, 0, char);
    else chars[at] = char;
  }
  return chars.join("");
}

function randomIPv4(random: (below: number) => number): string {
  const number = () => {
    const value = random(4) === 0 ? random(2 ** 32) : random(300);
    return [String(value), `0x${value.toString(16)}`, `0${value.toString(8)}`, String(value & 255)][random(4)];
  };
  return Array.from({ length: 1 + random(5) }, number).join(".");
}

function randomIPv6(random: (below: number) => number): string {
  const group = () => random(3) === 0 ? "0" : random(65536).toString(16);
  const groups = Array.from({ length: 5 + random(4) }, group);
  if (random(4) === 0) groups.push([random(256), random(256), random(256), random(260)].join("."));
  if (random(2) === 0) groups.splice(random(groups.length), random(groups.length), "");
  return groups.join(":");
}

function spellings(): string[] {
  const random = generator(20260101);
  const given = ["", ".", "1", "1.2", "1.2.3", "1.2.3.4", "1...2", "0x10", "256.1.1.1", "1.2.3.4 x", "1.2.3.04", "08"];
  given.push("::", "::1", "1::", ":::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::ffff:1.2.3.4", "::1.2.3", "1::2::3");
  given.push("1:2:3:4:5:6:7:8:9", "::12345", "fe80::1%lo", ":1:2:3:4:5:6:7", "1.2.3.4::", "0x7f.1", "4294967296");
  for (let n = 0; n < 3000; n++) {
    const text = n % 2 ? randomIPv4(random) : randomIPv6(random);
    given.push(text, mutate(text, random));
  }
  return given;
}

const JUDGE = `
import json, sys, socket
def ask(f, *a):
    try: r = f(*a); return r.hex() if isinstance(r, bytes) else r
    except OSError as e: return "OSError " + str(e)
texts, packed = json.loads(sys.stdin.readline())
print(json.dumps([[[ask(socket.inet_aton, t), ask(socket.inet_pton, socket.AF_INET, t),
  ask(socket.inet_pton, socket.AF_INET6, t)] for t in texts],
  [[ask(socket.inet_ntop, socket.AF_INET6, bytes.fromhex(p)), ask(socket.inet_ntoa, bytes.fromhex(p)[:4])] for p in packed]]))
`;

function ask(fn: () => Uint8Array | string): string {
  try {
    const result = fn();
    return typeof result === "string" ? result : result.toHex();
  } catch (error) {
    if (error instanceof OSError) return `OSError ${error.message}`;
    throw error;
  }
}

pythonTest("addresses are read and written as by CPython, thousands of random and mutated ones", async () => {
  const texts = spellings();
  const random = generator(7);
  const packed = Array.from({ length: 2000 }, () => {
    const bytes = Uint8Array.from({ length: 16 }, () => random(3) ? 0 : random(256));
    if (random(8) === 0) bytes.fill(0, 0, 10).fill(0xff, 10, 12);
    return bytes;
  });
  await using python = runPython(JUDGE);
  await python.write(JSON.stringify([texts, packed.map((bytes) => bytes.toHex())]));
  const [read, written] = await python.json();
  for (const [i, text] of texts.entries()) {
    const own = [
      ask(() => inet_aton(text)),
      ask(() => inet_pton(AF_INET, text)),
      ask(() => inet_pton(AF_INET6, text)),
    ];
    assert.deepEqual(own, read[i], JSON.stringify(text));
  }
  for (const [i, bytes] of packed.entries()) {
    assert.deepEqual([inet_ntop(AF_INET6, bytes), inet_ntoa(bytes.subarray(0, 4))], written[i]);
    assert.deepEqual(inet_pton(AF_INET6, inet_ntop(AF_INET6, bytes)), bytes);
  }
});

Deno.test("inet functions refuse values that are no address", () => {
  assert.deepEqual([...inet_aton("1.2")], [1, 0, 0, 2]);
  const text = "illegal IP address string passed to inet_pton";
  for (const ip of ["1...2", "0x10", "256.1.1.1", "1.2"]) {
    assert.throws(() => inet_pton(AF_INET, ip), { message: text });
  }
  assert.throws(() => inet_aton("x"), { name: "OSError", message: "illegal IP address string passed to inet_aton" });
  assert.throws(() => inet_aton("1\0"), { name: "RangeError", message: "embedded null character" });
  assert.throws(() => inet_aton(5 as any), TypeError);
  assert.throws(() => inet_pton(99, "::"), { code: "EAFNOSUPPORT" });
  assert.throws(() => inet_ntop(99, new Uint8Array(4)), { name: "RangeError", message: "unknown address family 99" });
  assert.throws(() => inet_ntop(AF_INET, new Uint8Array(5)), RangeError);
  assert.throws(() => inet_ntoa(new Uint8Array(5)), { message: "packed IP wrong length for inet_ntoa" });
  assert.throws(() => inet_ntoa("1234" as any), TypeError);
});

Deno.test("inet functions take any BufferSource", () => {
  const bytes = new Uint8Array([9, 127, 0, 0, 1]);
  assert.equal(inet_ntoa(new DataView(bytes.buffer, 1)), "127.0.0.1");
  assert.equal(inet_ntop(AF_INET, bytes.slice(1).buffer), "127.0.0.1");
});

Deno.test("byte order functions swap bytes and refuse numbers that are out of range", () => {
  const little = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  assert.equal(htons(1), little ? 256 : 1);
  assert.equal(htonl(1), little ? 0x1000000 : 1);
  for (const value of [0, 1, 255, 65535]) assert.equal(ntohs(htons(value)), value);
  for (const value of [0, 1, 0x7f000001, 0xffffffff]) assert.equal(ntohl(htonl(value)), value);
  for (const fn of [htons, ntohs]) assert.throws(() => fn(65536), RangeError);
  for (const fn of [htonl, ntohl]) assert.throws(() => fn(2 ** 32), RangeError);
  for (const fn of [htons, ntohs, htonl, ntohl]) {
    assert.throws(() => fn(-1), RangeError);
    assert.throws(() => fn(1.5), TypeError);
    assert.throws(() => fn("1" as any), TypeError);
  }
});

Deno.test("a checked address has its normal form", () => {
  const cases: [number, unknown, unknown][] = [
    [AF_INET, ["127.0.0.1", 80], ["127.0.0.1", 80]],
    [AF_INET, ["127.1", 80], ["127.0.0.1", 80]],
    [AF_INET, ["::ffff:1.2.3.4", 80], ["1.2.3.4", 80]],
    [AF_INET, ["", 0], ["", 0]],
    [AF_INET, ["<broadcast>", 9], ["255.255.255.255", 9]],
    [AF_INET, ["example.com", 9], ["example.com", 9]],
    [AF_INET6, ["0:0::0:1", 80], ["::1", 80, 0, 0]],
    [AF_INET6, ["fe80::1%3", 80, 1], ["fe80::1", 80, 1, 0]],
    [AF_INET6, ["fe80::1%eth0", 80, 0, 4], ["fe80::1%eth0", 80, 0, 4]],
    [AF_UNIX, "/a/b", "/a/b"],
    [AF_UNIX, new TextEncoder().encode("/a"), "/a"],
    [AF_UNIX, "", ""],
    [AF_UNIX, new Uint8Array([47, 255]), new Uint8Array([47, 255])],
    [AF_NETLINK, [0, 1], [0, 1]],
    [AF_VSOCK, [0xffffffff, 1], [0xffffffff, 1]],
    [AF_PACKET, ["lo", 3], ["lo", 3, 0, 0, new Uint8Array(0)]],
  ];
  for (const [family, given, expected] of cases) {
    // AF_PACKET and AF_NETLINK have no number on other platforms.
    if (family !== -1) assert.deepEqual(checkAddress(family, given, "bind"), expected);
  }
});

Deno.test("a wrong address is refused with Python's words", () => {
  const bind = (family: number, address: unknown) => () => checkAddress(family, address, "bind");
  assert.throws(bind(AF_INET, "x"), {
    name: "TypeError",
    message: "bind(): AF_INET address must be [host, port], not string",
  });
  assert.throws(bind(AF_INET, ["x"]), { name: "TypeError", message: "bind(): AF_INET address must be [host, port]" });
  assert.throws(bind(AF_INET6, ["::", 1, 2, 3, 4]), {
    name: "TypeError",
    message: "bind(): AF_INET6 address must be [host, port] or [host, port, flowinfo, scopeId]",
  });
  for (const port of ["80", 1.5, null, undefined, 80n, true]) assert.throws(bind(AF_INET, ["", port]), TypeError);
  for (const port of [-1, 65536, Infinity, NaN]) assert.throws(bind(AF_INET, ["", port]), RangeError);
  assert.throws(bind(AF_INET, [1, 2]), TypeError);
  assert.throws(bind(AF_INET, ["a\0b", 2]), {
    name: "TypeError",
    message: "host name must not contain null character",
  });
  assert.throws(bind(AF_INET6, ["::", 1, 2 ** 20]), RangeError);
  assert.throws(bind(AF_INET6, ["::", 1, 0, 2 ** 32]), RangeError);
  assert.throws(bind(AF_INET6, ["<broadcast>", 1]), { name: "OSError", message: "address family mismatched" });
  for (const [family, host] of [[AF_INET, "::1"], [AF_INET6, "1.2.3.4"]] as const) {
    assert.throws(bind(family, [host, 1]), (error) => error instanceof gaierror && error.errno === -9);
  }
  assert.throws(bind(AF_UNIX, ["a"]), TypeError);
  assert.throws(bind(AF_UNIX, "a".repeat(108)), { name: "OSError", message: "AF_UNIX path too long" });
  assert.throws(bind(99, "x"), { name: "OSError", message: "bind(): bad family" });
});

Deno.test({
  name: "an abstract name may fill sun_path, and a path must be shorter",
  ignore: Deno.build.os !== "linux",
  fn() {
    assert.equal(checkAddress(AF_UNIX, "\0" + "a".repeat(107), "bind"), "\0" + "a".repeat(107));
    assert.throws(() => checkAddress(AF_UNIX, "\0" + "a".repeat(108), "bind"), { message: "AF_UNIX path too long" });
    assert.equal(checkAddress(AF_UNIX, "\0a\0b", "bind"), "\0a\0b");
    assert.equal(checkAddress(AF_UNIX, "/a\0b", "bind"), "/a");
    assert.equal((checkAddress(AF_UNIX, "/".repeat(107), "bind") as string).length, 107);
    // The limit is in bytes, not in characters.
    assert.throws(() => checkAddress(AF_UNIX, "ü".repeat(54), "bind"), { message: "AF_UNIX path too long" });
  },
});

Deno.test("literals and wildcards are recognized by family", () => {
  assert.ok(isLiteral("127.0.0.1", AF_INET) && isLiteral("::1", AF_INET6) && isLiteral("::1", AF_UNSPEC));
  assert.ok(!isLiteral("::1", AF_INET) && !isLiteral("127.0.0.1", AF_INET6) && !isLiteral("localhost", AF_UNSPEC));
  assert.deepEqual([wildcard(AF_INET), wildcard(AF_INET6)], ["0.0.0.0", "::"]);
  assert.equal(fromUnixPathBytes(toUnixPathBytes("/ü")), "/ü");
});
