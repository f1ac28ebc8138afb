// Constants compared with CPython's, and the numbers of other platforms.

import assert from "node:assert/strict";
import * as constants from "../base/constants.ts";
import { askPython, pythonTest, runDeno } from "./_helpers.ts";

const ours: Record<string, number> = { ...constants };

pythonTest("every constant of CPython's socket module exists with its number", async () => {
  const theirs: Record<string, number> = await askPython(`
import json, socket
print(json.dumps({n: int(v) for n, v in vars(socket).items()
  if isinstance(v, int) and n[0].isupper() and n not in ("EBADF", "EAGAIN", "EWOULDBLOCK")}))
`);
  assert.ok(Object.keys(theirs).length > 100);
  const own = Object.fromEntries(Object.keys(theirs).map((name) => [name, ours[name]]));
  assert.deepEqual(own, theirs);
});

/** The constants on a platform, from a process that takes itself for that platform. */
async function on(os: string): Promise<Record<string, number>> {
  await using program = await runDeno(`
    Object.defineProperty(Deno, "build", { value: { ...Deno.build, os: ${JSON.stringify(os)} } });
    const constants = await import(${JSON.stringify(new URL("../base/constants.ts", import.meta.url).href)});
    console.log(JSON.stringify({ ...constants }));
  `);
  return await program.json();
}

/** Numbers from the headers of the platforms: sys/socket.h and netinet/in.h of macOS, winsock2.h and ws2ipdef.h. */
const ELSEWHERE: Record<string, Record<string, number>> = {
  darwin: {
    AF_UNIX: 1,
    AF_INET: 2,
    AF_INET6: 30,
    SOL_SOCKET: 0xffff,
    SO_REUSEADDR: 4,
    SO_KEEPALIVE: 8,
    SO_BROADCAST: 0x20,
    SO_REUSEPORT: 0x200,
    SO_ERROR: 0x1007,
    SO_TYPE: 0x1008,
    MSG_WAITALL: 0x40,
    MSG_DONTWAIT: 0x80,
    IP_ADD_MEMBERSHIP: 12,
    IPV6_JOIN_GROUP: 12,
    IPV6_V6ONLY: 27,
    TCP_NODELAY: 1,
  },
  windows: {
    AF_UNIX: 1,
    AF_INET: 2,
    AF_INET6: 23,
    SOL_SOCKET: 0xffff,
    SO_REUSEADDR: 4,
    SO_KEEPALIVE: 8,
    SO_BROADCAST: 0x20,
    SO_ERROR: 0x1007,
    SO_TYPE: 0x1008,
    MSG_WAITALL: 8,
    MSG_TRUNC: 0x100,
    IP_MULTICAST_LOOP: 11,
    IPV6_LEAVE_GROUP: 13,
    IPV6_V6ONLY: 27,
    SOMAXCONN: 0x7fffffff,
    TCP_NODELAY: 1,
  },
};

/** Names whose numbers must differ from each other if they differ on Linux. */
const SPACES = [/^AF_/, /^SO_(?!J1939|VM_)/, /^IP_(?!DEFAULT|MAX)/, /^IPV6_(?!RTHDR_TYPE)/, /^TCP_/, /^MSG_/, /^SOCK_/];

for (const [os, expected] of Object.entries(ELSEWHERE)) {
  Deno.test(`${os} has its own numbers, and each name has one number`, async () => {
    const numbers = await on(os);
    assert.deepEqual(Object.keys(numbers), Object.keys(ours));
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, numbers[name]])), expected);
    if (Deno.build.os !== "linux") return;
    for (const space of SPACES) {
      const seen = new Map<number, string>();
      for (const name of Object.keys(numbers).filter((name) => space.test(name) && numbers[name] !== -1)) {
        const other = seen.get(numbers[name]);
        assert.ok(other === undefined || ours[other] === ours[name], `${name} is ${other} on ${os}`);
        seen.set(numbers[name], name);
      }
    }
  });
}
