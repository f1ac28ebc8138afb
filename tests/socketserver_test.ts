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
