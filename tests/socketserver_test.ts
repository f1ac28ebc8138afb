// socketserver over every backend, and its names compared with Python's.

import assert from "node:assert/strict";
import * as native from "../native/socketserver.ts";
import * as deno from "../socketserver.ts";
import { BACKENDS } from "./_backends.ts";
import { askPython, pythonTest } from "./_helpers.ts";
import { simulated } from "./_sim.ts";
import { simulatedServers } from "./_sim_socketserver.ts";
import { testSocketServer } from "./conformance/socketserver.ts";

for (const subject of BACKENDS) testSocketServer(subject, subject.name === "native" ? native : deno);

testSocketServer(simulated, simulatedServers);

Deno.test("both backends' socketservers have the same names", () => {
  assert.deepEqual(Object.keys(native), Object.keys(deno));
});

pythonTest("socketserver has all public names of Python's, except for the forking servers", async () => {
  const names: string[] = await askPython("import json, socketserver; print(json.dumps(socketserver.__all__))");
  assert.deepEqual(names.filter((name) => !(name in deno) && !name.startsWith("Forking")), []);
});

for (const { name, module: m } of BACKENDS) {
  Deno.test(`${name}: with rbufsize 0 all reads of a request handler work`, async () => {
    const { StreamRequestHandler, TCPServer } = name === "native" ? native : deno;
    const lines: Uint8Array[] = [];
    class Lines extends StreamRequestHandler {
      override rbufsize = 0;
      override async handle() {
        lines.push(await this.rfile.readline() as Uint8Array, await this.rfile.read1() as Uint8Array);
      }
    }
    await using server = new TCPServer(["127.0.0.1", 0], Lines);
    const handled = server.handle_request();
    using client = await m.create_connection(server.server_address as [string, number]);
    await client.sendall("hello\nworld\n");
    await client.shutdown(m.SHUT_WR);
    await handled;
    const [first, second] = lines.map((line) => new TextDecoder().decode(line));
    assert.equal(first, "hello\n");
    assert.ok(second.startsWith("w"));
  });
}
