// Look-ups of the default backend, and the permissions that they need.

import assert from "node:assert/strict";
import * as constants from "../base/constants.ts";
import * as names from "../deno/names.ts";
import { nameSuite } from "./conformance/names.ts";
import type { Call } from "./conformance/names.ts";

nameSuite("deno", names);

/** The results of calls in a Deno process with only these permissions. */
async function withPermissions(flags: string[], calls: Call[]): Promise<unknown[]> {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      script,
      `import * as names from ${JSON.stringify(new URL("../deno/names.ts", import.meta.url).href)};
       for (const [name, ...args] of ${JSON.stringify(calls)}) {
         try { console.log(JSON.stringify(await (names as any)[name](...args))); }
         catch (error) { console.log(JSON.stringify(error instanceof Deno.errors.NotCapable ? error.message : String(error))); }
       }`,
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-lock", ...flags, script],
    }).output();
    return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  } finally {
    await Deno.remove(script);
  }
}

Deno.test("literals, services and protocols need no permission", async () => {
  const answers = await withPermissions([], [
    ["getaddrinfo", "127.0.0.1", "http", 0, 1],
    ["getaddrinfo", null, 80, 2, 1],
    ["gethostbyname", "127.1"],
    ["gethostbyname_ex", "127.1"],
    ["getnameinfo", ["fe80::1", 80, 0, 1], 1],
    ["getservbyname", "http"],
    ["getservbyport", 22],
    ["getprotobyname", "udp"],
  ]);
  assert.deepEqual(answers, [
    [[2, 1, 6, "", ["127.0.0.1", 80]]],
    [[2, 1, 6, "", ["127.0.0.1", 80]]],
    "127.0.0.1",
    ["127.1", [], ["127.0.0.1"]],
    ["fe80::1%1", "http"],
    80,
    "ssh",
    17,
  ]);
});

Deno.test("a look-up needs the permission for the name only, and NotCapable is thrown unchanged", async () => {
  const refused = (what: string) => `Requires net access to "${what}", run again with the --allow-net flag`;
  const answers = await withPermissions(["--allow-net=localhost:80,127.0.0.1:80"], [
    ["getaddrinfo", "localhost", 80, 2, 1, 0, constants.AI_CANONNAME],
    ["getaddrinfo", "localhost", 81, 2, 1],
    ["gethostbyname", "localhost"],
    ["getnameinfo", ["127.0.0.1", 81], 0],
    ["gethostbyaddr", "127.0.0.1"],
    ["getfqdn", "127.0.0.1"],
    ["gethostname"],
  ]);
  assert.deepEqual(answers, [
    [[2, 1, 6, "localhost", ["127.0.0.1", 80]]],
    refused("localhost:81"),
    refused("localhost"),
    refused("127.0.0.1:81"),
    refused("127.0.0.1"),
    refused("127.0.0.1"),
    'Requires sys access to "hostname", run again with the --allow-sys flag',
  ]);
});
