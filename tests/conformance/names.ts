// Look-ups of names, compared with CPython's answers to the same calls.

import assert from "node:assert/strict";
import * as constants from "../../base/constants.ts";
import { gaierror, herror, OSError } from "../../base/errors.ts";
import { askPython, hasPython, pythonTest, runPython } from "../_helpers.ts";

/** The look-up functions, as every backend exports them. */
export type Names = typeof import("../../deno/names.ts");

const onLinux = Deno.build.os === "linux";

/** A call: the name of the function and its arguments. Constants are given by name. */
export type Call = [name: string, ...args: unknown[]];

const JUDGE = `
import json, socket, sys
def value(a): return tuple(map(value, a)) if isinstance(a, list) else getattr(socket, a[1:]) if isinstance(a, str) and a.startswith("$") else a
for line in sys.stdin:
    name, *args = json.loads(line)
    try: r = getattr(socket, name)(*map(value, args))
    except OSError as e: r = [type(e).__name__, e.errno, e.strerror if e.errno is not None else str(e)]
    print(json.dumps(r))
`;

function value(arg: unknown): unknown {
  if (Array.isArray(arg)) return arg.map(value);
  return typeof arg === "string" && arg.startsWith("$") ? { ...constants }[arg.slice(1) as "AF_INET"] : arg;
}

async function answer(module: Record<string, unknown>, [name, ...args]: Call): Promise<unknown> {
  try {
    return await (module[name] as (...args: unknown[]) => unknown)(...args.map(value));
  } catch (error) {
    if (!(error instanceof OSError)) throw error;
    return [error.name, error.errno ?? null, error.strerror ?? error.message];
  }
}

/** Compares calls with CPython's answers to the same calls. */
export function sameAsPython(names: Names, title: string, calls: Call[]): void {
  const module = { ...names };
  Deno.test({
    name: title,
    ignore: !onLinux || !hasPython(),
    async fn(test) {
      await using python = runPython(JUDGE);
      for (const call of calls) {
        await python.write(JSON.stringify(call));
        const expected = await python.json();
        await test.step(JSON.stringify(call), async () => assert.deepEqual(await answer(module, call), expected));
      }
    },
  });
}

/** Declares the tests of answers that are the same on every backend. */
export function nameSuite(backend: string, names: Names): void {
  sameAsPython(names, `${backend}: getaddrinfo answers addresses as CPython does`, [
    ["getaddrinfo", "127.0.0.1", 80],
    ["getaddrinfo", "127.0.0.1", "http"],
    ["getaddrinfo", "127.0.0.1", "domain"],
    ["getaddrinfo", "127.0.0.1", "tftp"],
    ["getaddrinfo", "127.0.0.1", "tftp", 0, "$SOCK_STREAM"],
    ["getaddrinfo", "127.0.0.1", "nope"],
    ["getaddrinfo", "127.0.0.1", "HTTP"],
    ["getaddrinfo", "127.0.0.1", null],
    ["getaddrinfo", "127.0.0.1", "", 0, "$SOCK_STREAM"],
    ["getaddrinfo", "127.0.0.1", " +080", 0, "$SOCK_STREAM"],
    ["getaddrinfo", "127.0.0.1", "80 ", 0, "$SOCK_STREAM"],
    ["getaddrinfo", "127.0.0.1", "0x50", 0, "$SOCK_STREAM"],
    ["getaddrinfo", "127.0.0.1", "-1", 0, "$SOCK_STREAM"],
    ["getaddrinfo", "127.0.0.1", -1],
    ["getaddrinfo", "127.1", 80, 0, "$SOCK_STREAM", 0, "$AI_NUMERICHOST"],
    ["getaddrinfo", "0", 80, 0, "$SOCK_STREAM"],
    ["getaddrinfo", "127.1", 80, 0, 0, 0, "$AI_CANONNAME"],
    ["getaddrinfo", "::1", 80, 0, "$SOCK_DGRAM"],
    ["getaddrinfo", "::1", 80, "$AF_INET"],
    ["getaddrinfo", "1.2.3.4", 80, "$AF_INET6"],
    ["getaddrinfo", "1.2.3.4", 80, "$AF_INET6", "$SOCK_STREAM", 0, "$AI_V4MAPPED"],
    ["getaddrinfo", "::ffff:1.2.3.4", 80, "$AF_INET", "$SOCK_STREAM"],
    ["getaddrinfo", "::1%7", 80, 0, "$SOCK_STREAM"],
    ["getaddrinfo", "fe80::1%1", 80, 0, "$SOCK_STREAM"],
    ["getaddrinfo", "fe80::1%lo", 80, 0, "$SOCK_STREAM"],
    ["getaddrinfo", "ff02::1%lo", 80, 0, "$SOCK_STREAM"],
    ["getaddrinfo", "ff05::1%lo", 80, 0, "$SOCK_STREAM"],
    ["getaddrinfo", "::1%lo", 80, 0, "$SOCK_STREAM"],
    ["getaddrinfo", "fe80::1%nope", 80, 0, "$SOCK_STREAM"],
    ["getaddrinfo", "127.0.0.1 ", 80],
    ["getaddrinfo", "<broadcast>", 80],
  ]);

  sameAsPython(names, `${backend}: getaddrinfo without a host`, [
    ["getaddrinfo", null, 80, "$AF_INET"],
    ["getaddrinfo", null, 80, "$AF_INET6"],
    ["getaddrinfo", null, 80, "$AF_INET", 0, 0, "$AI_PASSIVE"],
    ["getaddrinfo", null, 80, "$AF_INET6", 0, 0, "$AI_PASSIVE"],
    ["getaddrinfo", null, 80, 0, "$SOCK_STREAM", 0, "$AI_PASSIVE"],
    ["getaddrinfo", "*", "80", "$AF_INET"],
    ["getaddrinfo", null, null],
    ["getaddrinfo", "", 80],
    ["getaddrinfo", "", null],
    ["getaddrinfo", null, "nope"],
    ["getaddrinfo", null, 80, 0, "$SOCK_STREAM", 0, "$AI_CANONNAME"],
  ]);

  sameAsPython(names, `${backend}: getaddrinfo fits type and protocol`, [
    ["getaddrinfo", "127.0.0.1", 80, 0, 0, "$IPPROTO_TCP"],
    ["getaddrinfo", "127.0.0.1", 80, 0, 0, "$IPPROTO_UDP"],
    ["getaddrinfo", "127.0.0.1", 80, 0, 0, "$IPPROTO_SCTP"],
    ["getaddrinfo", "127.0.0.1", 80, 0, 0, "$IPPROTO_UDPLITE"],
    ["getaddrinfo", "127.0.0.1", 80, 0, 0, "$IPPROTO_ICMP"],
    ["getaddrinfo", "127.0.0.1", null, 0, 0, "$IPPROTO_ICMP"],
    ["getaddrinfo", "127.0.0.1", 80, 0, 0, 200],
    ["getaddrinfo", "127.0.0.1", 80, 0, "$SOCK_STREAM", "$IPPROTO_UDP"],
    ["getaddrinfo", "127.0.0.1", 80, 0, "$SOCK_STREAM", "$IPPROTO_SCTP"],
    ["getaddrinfo", "127.0.0.1", 80, 0, "$SOCK_RAW"],
    ["getaddrinfo", "127.0.0.1", "", 0, "$SOCK_RAW"],
    ["getaddrinfo", "127.0.0.1", "0", 0, "$SOCK_RAW"],
    ["getaddrinfo", null, "", 0, "$SOCK_RAW"],
    ["getaddrinfo", "127.0.0.1", null, 0, "$SOCK_RAW", "$IPPROTO_ICMP"],
    ["getaddrinfo", "127.0.0.1", "http", 0, "$SOCK_RAW"],
    ["getaddrinfo", "127.0.0.1", "http", 0, 0, "$IPPROTO_UDP"],
    ["getaddrinfo", "127.0.0.1", 80, 0, "$SOCK_SEQPACKET"],
    ["getaddrinfo", "127.0.0.1", 80, 0, "$SOCK_RDM"],
    ["getaddrinfo", "127.0.0.1", 80, 0, 99],
    ["getaddrinfo", "127.0.0.1", 80, 99],
    ["getaddrinfo", "127.0.0.1", 80, "$AF_UNIX"],
    ["getaddrinfo", "127.0.0.1", "http", "$AF_UNIX"],
    ["getaddrinfo", "127.0.0.1", "http", "$AF_UNIX", 0, 0, "$AI_NUMERICSERV"],
    ["getaddrinfo", "127.0.0.1", 70000, "$AF_UNIX"],
    ["getaddrinfo", "127.0.0.1", 80, 0, 1, 0, 0x4000000],
    ["getaddrinfo", "localhost", "http", 0, 1, 0, "$AI_NUMERICSERV"],
    ["getaddrinfo", "localhost", 80, 0, 1, 0, "$AI_NUMERICHOST"],
  ]);

  sameAsPython(names, `${backend}: names are looked up as by CPython`, [
    ["getaddrinfo", "localhost", 80],
    ["getaddrinfo", "localhost", "http", "$AF_INET"],
    ["getaddrinfo", "localhost", 80, 0, "$SOCK_STREAM", 0, "$AI_CANONNAME"],
    ["getaddrinfo", "localhost", 80, "$AF_INET6", "$SOCK_STREAM", 0, "$AI_V4MAPPED"],
    ["getaddrinfo", "localhost", 80, 0, "$SOCK_STREAM", 0, "$AI_ADDRCONFIG"],
    ["getaddrinfo", "localhost", 80, "$AF_INET", "$SOCK_STREAM", 0, "$AI_ADDRCONFIG"],
    ["gethostbyname", "localhost"],
    ["gethostbyname", ""],
    ["gethostbyname", "<broadcast>"],
    ["gethostbyname", "127.1"],
    ["gethostbyname", "::1"],
    ["gethostbyname_ex", "localhost"],
    ["gethostbyname_ex", "127.1"],
    ["gethostbyname_ex", "::1"],
    ["gethostbyname_ex", ""],
    ["gethostbyaddr", ""],
    ["getfqdn", "127.0.0.1"],
    ["getfqdn", "localhost"],
    ["gethostname"],
  ]);

  sameAsPython(names, `${backend}: getnameinfo answers as CPython does`, [
    ["getnameinfo", ["127.0.0.1", 80], 0],
    ["getnameinfo", ["127.0.0.1", 80], 3],
    ["getnameinfo", ["127.1", 80], "$NI_NUMERICHOST"],
    ["getnameinfo", ["127.0.0.1", 80], "$NI_NOFQDN"],
    ["getnameinfo", ["127.0.0.1", 60000], "$NI_NUMERICHOST"],
    ["getnameinfo", ["127.0.0.1", 514], "$NI_NUMERICHOST"],
    ["getnameinfo", ["127.0.0.1", 514], 17],
    ["getnameinfo", ["::1", 80], "$NI_NUMERICHOST"],
    ["getnameinfo", ["::1", 80, 0, 1], 3],
    ["getnameinfo", ["fe80::1", 80, 0, 1], 3],
    ["getnameinfo", ["ff02::1", 80, 0, 1], 3],
    ["getnameinfo", ["fe80::1", 80, 0, 9999], 3],
    ["getnameinfo", ["localhost", 80], 3],
    ["getnameinfo", ["127.0.0.1", 80, 0], 3],
    ["getnameinfo", ["127.0.0.1", 80], 0x4000],
    ["getnameinfo", ["10.1.2.3", 80], 9],
  ]);

  sameAsPython(names, `${backend}: interfaces are told as by CPython`, [
    ["if_nameindex"],
    ["if_nametoindex", "lo"],
    ["if_indextoname", 1],
    ["if_nametoindex", "nope"],
    ["if_nametoindex", ""],
    ["if_indextoname", 0],
    ["if_indextoname", 99999],
  ]);

  const services = "http www https ssh ftp telnet smtp mail domain ntp snmp tftp syslog shell imap2 pop3 ldap bgp"
    .split(
      " ",
    );
  sameAsPython(names, `${backend}: services and protocols are those of the system`, [
    ...services.flatMap((name): Call[] => [
      ["getservbyname", name],
      ["getservbyname", name, "tcp"],
      ["getservbyname", name, "udp"],
    ]),
    ...[21, 22, 25, 53, 80, 123, 443, 514, 65000].flatMap((port): Call[] => [
      ["getservbyport", port],
      ["getservbyport", port, "tcp"],
      ["getservbyport", port, "udp"],
    ]),
    ...["ip", "icmp", "tcp", "TCP", "udp", "ipv6", "sctp", "ipv6-icmp", "nope"].map((name): Call => [
      "getprotobyname",
      name,
    ]),
  ]);

  pythonTest(`${backend}: an unknown name is gaierror, an address without a name herror`, async () => {
    // The error numbers depend on the machine's DNS, which may be missing. The error classes do not.
    const [host, address] = await askPython(`
import json, socket
def ask(f, a):
    try: return f(a)
    except OSError as e: return type(e).__name__
print(json.dumps([ask(socket.gethostbyname, "berkeley.invalid"), ask(socket.gethostbyaddr, "192.0.2.77")]))
`);
    assert.deepEqual([host, address], ["gaierror", "herror"]);
    await assert.rejects(names.gethostbyname("berkeley.invalid"), gaierror);
    await assert.rejects(names.getaddrinfo("berkeley.invalid", 80), { name: "gaierror", code: "EAI_NONAME" });
    await assert.rejects(names.gethostbyaddr("192.0.2.77"), herror);
    assert.equal(await names.getfqdn("berkeley.invalid"), "berkeley.invalid");
  });

  Deno.test(`${backend}: an impossible port is gaierror, and wrong arguments are TypeError`, async () => {
    for (const port of [65536, 2 ** 40, -1, "65536"]) {
      await assert.rejects(names.getaddrinfo("127.0.0.1", port), { name: "gaierror", code: "EAI_SERVICE" });
    }
    await assert.rejects(names.getaddrinfo("127.0.0.1", 1.5), TypeError);
    await assert.rejects(names.getaddrinfo("127.0.0.1", NaN), TypeError);
    await assert.rejects(names.getaddrinfo(5 as any, 80), TypeError);
    await assert.rejects(names.getaddrinfo("127.0.0.1", 80, "2" as any), TypeError);
    await assert.rejects(names.getaddrinfo("a..b", 80), RangeError);
    await assert.rejects(names.getaddrinfo(`${"a".repeat(64)}.example`, 80), RangeError);
    await assert.rejects(names.getaddrinfo("a\0b", 80), gaierror);
    await assert.rejects(names.gethostbyname("a\0b"), TypeError);
    await assert.rejects(names.gethostbyaddr(5 as any), TypeError);
    await assert.rejects(names.getnameinfo("x" as any, 0), TypeError);
    await assert.rejects(names.getnameinfo(["127.0.0.1", 65536], 0), RangeError);
    await assert.rejects(names.getnameinfo(["::1", 80, 2 ** 20], 0), RangeError);
    await assert.rejects(names.getservbyport(65536), RangeError);
    await assert.rejects(names.getservbyname(5 as any), TypeError);
    await assert.rejects(names.getprotobyname("nope"), { name: "OSError", message: "protocol not found" });
    assert.throws(() => names.if_nametoindex(5 as any), TypeError);
    assert.throws(() => names.if_indextoname(-1), RangeError);
    assert.equal(names.has_ipv6, true);
  });

  // A look-up cannot be cancelled, so it goes on after the test.
  Deno.test(`${backend}: a signal gives up a look-up`, { sanitizeOps: false }, async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    for (
      const call of [
        names.getaddrinfo("localhost", 80, 0, 0, 0, 0, { signal }),
        names.gethostbyname("localhost", { signal }),
        names.gethostbyname_ex("localhost", { signal }),
        names.gethostbyaddr("127.0.0.1", { signal }),
        names.getnameinfo(["127.0.0.1", 80], 0, { signal }),
      ]
    ) await assert.rejects(call, reason);
    const controller = new AbortController();
    const pending = names.getaddrinfo("localhost", 80, 0, 0, 0, 0, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(pending, reason);
  });
}
