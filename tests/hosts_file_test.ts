// Names with addresses of one family or of both. The programs run with an /etc/hosts of their own, which unshare(1) puts
// in the place of the system's for them only.

import assert from "node:assert/strict";
import { BACKENDS } from "./_backends.ts";
import { hasPython, Program, TemporaryDirectory } from "./_helpers.ts";

const HOSTS = `
127.0.0.1 four
::1 six
127.0.0.1 both
::1 both
127.0.0.1 several
127.0.0.2 several
::1 several
`;
const NAMES = ["four", "six", "both", "several"];

/** The arguments of unshare(1) for a command where /etc/hosts is another file. */
function inNamespace(hosts: string, ...command: string[]): string[] {
  return ["-rm", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts, ...command];
}

/** Whether this process may make such a namespace. Some systems allow it to root only, or in no container. */
function mayUnshare(): boolean {
  try {
    const args = inNamespace("/dev/null", "true");
    if (new Deno.Command("unshare", { args, stdout: "null", stderr: "null" }).outputSync().success) return true;
  } catch {
    // It is not installed.
  }
  console.log("unshare(1) cannot replace /etc/hosts here: the tests of its names are skipped");
  return false;
}

const ignore = !hasPython() || !mayUnshare();

/** Runs a command with the names of this file. Returns what it printed, as JSON. */
async function run(source: string, ...command: string[]): Promise<any> {
  using directory = new TemporaryDirectory();
  const hosts = directory.fresh();
  Deno.writeTextFileSync(hosts, HOSTS);
  await using program = new Program("unshare", inNamespace(hosts, ...command));
  await program.write(source);
  const { code, stdout, stderr } = await program.end();
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const runPython = (source: string) => run(source, "python3", "-");

/** Runs a program over a backend. It has the names as NAMES. */
function runDeno(url: string, source: string, ...permissions: string[]): Promise<any> {
  const flags = ["--no-prompt", "--no-lock", "--no-check", "--unstable-net", "--ext=ts", ...permissions];
  const given = `import * as m from ${JSON.stringify(url)}; const NAMES = ${JSON.stringify(NAMES)};`;
  return run(given + source, Deno.execPath(), "run", ...flags, "-");
}

/** What python3 finds for each name in each family: the addresses, or the number of the error. */
const FOUND_BY_PYTHON = `
import json, socket
def find(name, family):
    try: return [found[4][0] for found in socket.getaddrinfo(name, 80, family, socket.SOCK_STREAM)]
    except socket.gaierror as error: return error.errno
print(json.dumps([[find(name, family) for family in (0, socket.AF_INET, socket.AF_INET6)] for name in ${
  JSON.stringify(NAMES)
}]))
`;

for (const { name, url } of BACKENDS) {
  const test = (what: string, fn: () => Promise<void>) => Deno.test({ name: `${name}: ${what}`, ignore, fn });

  test("getaddrinfo lists the addresses of a name in the order of python3", async () => {
    const found = await runDeno(
      url,
      `const find = (name, family) => m.getaddrinfo(name, 80, family, m.SOCK_STREAM)
         .then((found) => found.map(([, , , , [host]]) => host), (error) => error.errno);
       const all = NAMES.map((name) => Promise.all([0, m.AF_INET, m.AF_INET6].map((family) => find(name, family))));
       console.log(JSON.stringify(await Promise.all(all)));`,
      "-A",
    );
    assert.deepEqual(found, await runPython(FOUND_BY_PYTHON));
  });
}
