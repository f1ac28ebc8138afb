// What keeps the process alive: a pending call does, unless unref() was called. An interest in an epoll, and a call that
// was given up, do not.

import assert from "node:assert/strict";
import { BACKENDS } from "./_backends.ts";
import { runDeno } from "./_helpers.ts";

/** How to open the socket `sock` of each kind. */
const KINDS: Record<string, string> = {
  "a TCP connection": `
    const server = m.create_server(["127.0.0.1", 0]);
    const sock = await m.create_connection(server.getsockname());
    const [peer] = await server.accept();`,
  "a TCP listener": `const sock = m.create_server(["127.0.0.1", 0]);`,
  "a UDP socket": `
    const sock = m.socket(m.AF_INET, m.SOCK_DGRAM);
    sock.bind(["127.0.0.1", 0]);`,
  "an unbound UDP socket": `const sock = m.socket(m.AF_INET, m.SOCK_DGRAM);`,
};
if (Deno.build.os === "linux") {
  Object.assign(KINDS, {
    "a Unix stream": `const [sock, peer] = await m.socketpair();`,
    "a Unix listener": `
      const sock = m.socket(m.AF_UNIX);
      sock.bind("");
      sock.listen();`,
    "a Unix datagram socket": `const [sock, peer] = await m.socketpair(m.AF_UNIX, m.SOCK_DGRAM);`,
    "an unbound Unix datagram socket": `const sock = m.socket(m.AF_UNIX, m.SOCK_DGRAM);`,
  });
}

/** What is done with the socket, and whether the process then stays alive. CALL is the call that waits. */
const CASES: [what: string, source: string, stays: boolean][] = [
  ["a pending call", `CALL.catch(() => {});`, true],
  ["a pending call after unref", `sock.unref(); CALL.catch(() => {});`, false],
  ["unref after a pending call", `CALL.catch(() => {}); sock.unref();`, false],
  ["ref after unref", `sock.unref(); CALL.catch(() => {}); sock.ref();`, true],
  ["a pending call, and unref of a duplicate", `const other = sock.dup(); CALL.catch(() => {}); other.unref();`, true],
  [
    "a pending call of a duplicate after its unref",
    `const first = sock; { const sock = first.dup(); sock.unref(); CALL.catch(() => {}); globalThis.kept = sock; }`,
    false,
  ],
  [
    "a call that was given up",
    `sock.settimeout(0.01);
     await CALL.catch((error) => assert(error.name === "TimeoutError"));`,
    false,
  ],
  [
    "an interest in an epoll",
    `const epoll = m.epoll();
     epoll.register(sock, m.EPOLLIN);
     assert((await epoll.poll(0)).length === 0);`,
    false,
  ],
];

/**
 * Runs a program. An unref'ed interval prints lines while something keeps the process alive. Returns whether it prints so
 * many of them that it would do so for ever.
 */
async function staysAlive(url: string, source: string): Promise<boolean> {
  await using program = await runDeno(`
    import assert from "node:assert/strict";
    import * as m from ${JSON.stringify(url)};
    Deno.unrefTimer(setInterval(() => console.log("alive"), 20));
    ${source}
    console.log("ready");
  `);
  try {
    while (await program.line() !== "ready");
    for (let lines = 0; lines < 15; lines++) await program.line();
    return true;
  } catch (error) {
    assert.equal((error as Error).message, "the program ended: ");
    return false;
  }
}

for (const { name, url } of BACKENDS) {
  for (const [kind, open] of Object.entries(KINDS)) {
    Deno.test(`${name}: what keeps the process alive, with ${kind}`, async () => {
      const call = kind.endsWith("listener") ? "sock.accept()" : "sock.recv(10)";
      const outcomes = await Promise.all(CASES.map(async ([what, source]) => {
        return [what, await staysAlive(url, open + source.replace("CALL", call))];
      }));
      assert.deepEqual(outcomes, CASES.map(([what, , stays]) => [what, stays]));
    });
  }
}
