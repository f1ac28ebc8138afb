// create_connection: its timeout, and giving it up.

import assert from "node:assert/strict";
import { createConnection } from "../core/create.ts";
import { realRuntime } from "../deno/runtime.ts";
import type { Backend } from "../seam/backend.ts";
import { SUBJECTS } from "./_sim.ts";
import { failure } from "./conformance/fixtures.ts";

for (const { name, module: m } of SUBJECTS) {
  Deno.test(`${name}: create_connection with timeout 0 is non-blocking, as in CPython`, async () => {
    using server = m.create_server(["127.0.0.1", 0]);
    const error = await failure(() => m.create_connection(server.getsockname(), 0));
    assert.ok(error instanceof m.BlockingIOError);
    assert.equal(error.code, "EINPROGRESS");
    // The connect that was under way ends: its connection is accepted and closed.
    const [conn] = await server.accept();
    assert.equal((await conn.recv(1).catch(() => [])).length, 0);
    conn.close();
  });

  Deno.test(`${name}: create_connection takes a null host and the port of a service, as in CPython`, async () => {
    using server = m.create_server(["127.0.0.1", 0]);
    const [, port] = server.getsockname();
    const bytes = new TextEncoder().encode(String(port));
    for (
      const address of [[null, port], ["*", port], ["127.0.0.1", `${port}`], ["127.0.0.1", bytes], [
        null,
        `${port}`,
      ]] as const
    ) {
      using client = await m.create_connection(address, 5);
      assert.equal(client.getpeername()[1], port);
      using _conn = (await server.accept())[0];
    }
    // The port of a known service, which need not be open.
    const error = await failure(() => m.create_connection(["127.0.0.1", "tcpmux"], 5));
    assert.equal((error as { code?: string }).code, "ECONNREFUSED");
    for (const service of ["no-such-service", "70000", "-1"]) {
      const unknown = await failure(() => m.create_connection(["127.0.0.1", service], 5));
      assert.ok(unknown instanceof m.gaierror, String(unknown));
      assert.equal((unknown as { code?: string }).code, "EAI_SERVICE");
    }
  });

  Deno.test(`${name}: create_connection knows no "" and no "<broadcast>", as CPython's`, async () => {
    for (const host of ["", "<broadcast>"]) {
      const error = await failure(() => m.create_connection([host, 80]));
      assert.ok(error instanceof m.gaierror, String(error));
      assert.equal((error as { code?: string }).code, "EAI_NONAME");
    }
  });

  Deno.test({
    name: `${name}: create_connection heeds its signal while it looks a name up`,
    // A look-up cannot be cancelled, so it may outlive the test.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const controller = new AbortController();
      const { signal } = controller;
      const connecting = failure(() => m.create_connection(["no-such-host.invalid", 80], undefined, null, { signal }));
      controller.abort("enough");
      assert.equal(await connecting, "enough");
    },
  });
}

Deno.test("create_connection's timeout bounds the look-up too", async () => {
  const silent = { endpoints: () => new Promise(() => {}) } as unknown as Backend;
  await assert.rejects(createConnection(realRuntime, silent, ["a-name", 80], 0.01, null, {}), {
    name: "TimeoutError",
    message: "timed out",
  });
});
