// Look-ups by libc: the suite of every backend, results that only libc gives, and the permissions that they need.

import assert from "node:assert/strict";
import * as constants from "../base/constants.ts";
import * as names from "../native/names/mod.ts";
import { Program } from "./_helpers.ts";
import { nameSuite, sameAsPython } from "./conformance/names.ts";
import type { Call } from "./conformance/names.ts";

nameSuite("native", names);

sameAsPython(names, "native: hosts are told with all their names", [
  ["gethostbyaddr", "127.0.0.1"],
  ["gethostbyaddr", "::1"],
  ["gethostbyaddr", "localhost"],
  ["gethostbyaddr", "<broadcast>"],
  ["gethostbyname_ex", "<broadcast>"],
  ["getfqdn"],
  ["getaddrinfo", "localhost", "", 0, "$SOCK_STREAM"],
  ["getaddrinfo", "localhost", "nope"],
  ["getaddrinfo", "localhost", 80, 0, "$SOCK_RDM"],
  ["getaddrinfo", "localhost", 80, 99],
  ["getservbyname", "http", "nope"],
  ["getservbyport", 80, ""],
]);

sameAsPython(names, "native: a failed look-up has the resolver's own number", [
  ["getaddrinfo", "berkeley.invalid", 80],
  ["gethostbyname", "berkeley.invalid"],
  ["gethostbyname_ex", "berkeley.invalid"],
  ["gethostbyaddr", "berkeley.invalid"],
  ["gethostbyaddr", "192.0.2.77"],
  ["getnameinfo", ["192.0.2.77", 80], "$NI_NAMEREQD"],
  ["getaddrinfo", "x".repeat(63), 80],
]);

Deno.test("native: each of many concurrent look-ups gets its own answer", async () => {
  const ports = Array.from({ length: 200 }, (_, index) => 1000 + index);
  const answers = await Promise.all(ports.map((port) => names.getaddrinfo("localhost", port, 2, 1)));
  assert.deepEqual(answers.map(([[, , , , [, port]]]) => port), ports);
  const services = await Promise.all(ports.map((_, index) => names.getservbyname(index % 2 ? "http" : "ssh", "tcp")));
  assert.deepEqual(services, ports.map((_, index) => index % 2 ? 80 : 22));
});

/** The results of calls in a Deno process with only these permissions and libc. */
async function withPermissions(flags: string[], calls: Call[]): Promise<unknown[]> {
  const source = `import * as names from ${JSON.stringify(import.meta.resolve("../native.ts"))};
    for (const [name, ...args] of ${JSON.stringify(calls)}) {
      try { console.log(JSON.stringify(await (names as any)[name](...args))); }
      catch (error) { console.log(JSON.stringify(error instanceof Deno.errors.NotCapable ? error.message : String(error))); }
    }`;
  const args = ["run", "--no-prompt", "--no-lock", "--no-check", "--allow-ffi", ...flags, "--ext=ts", "-"];
  await using program = new Program(Deno.execPath(), args);
  await program.write(source);
  const { stdout, stderr } = await program.end();
  assert.equal(stderr, "");
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

Deno.test("native: interfaces, the host's name, literals and services need no permission except for libc", async () => {
  const answers = await withPermissions([], [
    ["if_nametoindex", "lo"],
    ["if_indextoname", 1],
    ["gethostname"],
    ["getaddrinfo", "127.0.0.1", "http", 0, 1],
    ["getaddrinfo", null, 80, 2, 1],
    ["getaddrinfo", "fe80::1%lo", 80, 0, 1],
    ["gethostbyname", "127.1"],
    ["gethostbyname_ex", "127.1"],
    ["getnameinfo", ["fe80::1", 80, 0, 1], 1],
    ["getservbyname", "http"],
    ["getservbyport", 22],
    ["getprotobyname", "udp"],
  ]);
  assert.deepEqual(answers, [
    1,
    "lo",
    Deno.hostname(),
    [[2, 1, 6, "", ["127.0.0.1", 80]]],
    [[2, 1, 6, "", ["127.0.0.1", 80]]],
    [[10, 1, 6, "", ["fe80::1", 80, 0, 1]]],
    "127.0.0.1",
    ["127.1", [], ["127.0.0.1"]],
    ["fe80::1%lo", "http"],
    80,
    "ssh",
    17,
  ]);
});

Deno.test("native: a look-up needs the permission for the name only, as on the default backend", async () => {
  const refused = (what: string) => `Requires net access to "${what}", run again with the --allow-net flag`;
  const answers = await withPermissions(["--allow-net=localhost:80,127.0.0.1:80"], [
    ["getaddrinfo", "localhost", 80, 2, 1, 0, constants.AI_CANONNAME],
    ["getaddrinfo", "localhost", "http", 2, 1],
    ["getaddrinfo", "localhost", 81, 2, 1],
    ["getaddrinfo", "localhost", "https", 2, 1],
    ["gethostbyname", "localhost"],
    ["gethostbyname_ex", "localhost"],
    ["getnameinfo", ["127.0.0.1", 81], 0],
    ["gethostbyaddr", "127.0.0.1"],
    ["getfqdn", "127.0.0.1"],
  ]);
  assert.deepEqual(answers, [
    [[2, 1, 6, "localhost", ["127.0.0.1", 80]]],
    [[2, 1, 6, "", ["127.0.0.1", 80]]],
    refused("localhost:81"),
    refused("localhost:443"),
    refused("localhost"),
    refused("localhost"),
    refused("127.0.0.1:81"),
    refused("127.0.0.1"),
    refused("127.0.0.1"),
  ]);
});
