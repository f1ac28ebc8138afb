// Names with addresses of one family or of both. The programs run with an /etc/hosts of their own, which unshare(1) puts
// in the place of the system's for them only.

import assert from "node:assert/strict";
import { BACKENDS } from "./_backends.ts";
import { hasPython, Program, TemporaryDirectory } from "./_helpers.ts";
import { Listening } from "./conformance/fixtures.ts";

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

  test("connect by a name connects to its first address of the family, and to no other", async () => {
    const { connected, accepted } = await runDeno(
      url,
      `/** Two listeners with the same port. */
       const listen = () => {
         for (;;) {
           const four = m.create_server(["127.0.0.1", 0]);
           try {
             return [four, m.create_server(["::1", four.getsockname()[1]], { family: m.AF_INET6 })];
           } catch {
             four.close();
           }
         }
       };
       const servers = listen();
       const port = servers[0].getsockname()[1];
       const clients = [];
       const connect = async (name, family) => {
         const sock = m.socket(family);
         clients.push(sock);
         return await sock.connect([name, port]).then(() => [sock.getpeername()[0]], (error) => error.errno);
       };
       const connected = [];
       for (const name of NAMES) connected.push([await connect(name, m.AF_INET), await connect(name, m.AF_INET6)]);
       const accepted = [];
       for (const server of servers) {
         // The queue is in order, so the connection of this client is the last one.
         const last = await m.create_connection(server.getsockname());
         for (;;) {
           const [, address] = await server.accept();
           if (address[1] === last.getsockname()[1]) break;
           accepted.push(server.getsockname()[0]);
         }
       }
       console.log(JSON.stringify({ connected, accepted }));
       Deno.exit();`,
      "-A",
    );
    const found: (string[] | number)[][] = await runPython(FOUND_BY_PYTHON);
    const first = found.map(([, ...families]) =>
      families.map((addresses) => typeof addresses === "number" ? addresses : addresses.slice(0, 1))
    );
    assert.deepEqual(connected, first);
    const reached = first.flat().filter((one) => typeof one !== "number").flat();
    assert.deepEqual(accepted, reached.sort());
  });

  test("bind to a name of the other family fails as in python3", async () => {
    const code = await runDeno(
      url,
      `try {
         m.socket(m.AF_INET6).bind(["four", 0]);
       } catch (error) {
         console.log(error.errno);
       }`,
      "-A",
    );
    const [[, , four]] = await runPython(FOUND_BY_PYTHON);
    assert.equal(code, four);
  });

  test("create_connection tries every address of a name", async () => {
    const errors = await runDeno(
      url,
      // Port 1 is closed.
      `const error = await m.create_connection(["several", 1], { all_errors: true }).catch((error) => error);
       console.log(JSON.stringify(error.errors.map(({ code, address: [host] }) => [code, host])));`,
      "-A",
    );
    const [, , , [several]] = await runPython(FOUND_BY_PYTHON);
    assert.deepEqual(errors, several.map((host: string) => ["ECONNREFUSED", host]));
  });

  test("an allowed name needs no permission for its addresses", async () => {
    using listening = new Listening(BACKENDS[0].module, "IPv4");
    const [, port] = listening.address;
    const permissions = [`--allow-net=both:${port},four:${port}`, "--allow-ffi"];
    const hosts = await runDeno(
      url,
      `const hosts = [];
       for (const name of ["both", "four"]) {
         for (const sock of [m.socket(), await m.create_connection([name, ${port}])]) {
           if (hosts.length % 2 === 0) await sock.connect([name, ${port}]);
           hosts.push(sock.getpeername()[0]);
         }
       }
       console.log(JSON.stringify(hosts));`,
      ...permissions,
    );
    assert.deepEqual(hosts, ["127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1"]);
  });
}

Deno.test({
  name: "deno: a datagram to an allowed name whose first address is of the other family is refused",
  ignore,
  async fn() {
    const outcomes = await runDeno(
      BACKENDS[0].url,
      `const sock = m.socket(m.AF_INET, m.SOCK_DGRAM);
       const send = (name) => sock.sendto("x", [name, 9]).catch(({ name, message }) => name + ": " + message);
       console.log(JSON.stringify([await send("four"), await send("both")]));`,
      "--allow-net=four:9,both:9,127.0.0.1:0",
    );
    const refused = 'NotCapable: Requires net access to "127.0.0.1:9", run again with the --allow-net flag';
    assert.deepEqual(outcomes, [1, refused]);
  },
});
