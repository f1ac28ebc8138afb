// The event loop: what does not keep the process alive, and what does not delay timers.

import assert from "node:assert/strict";
import { MSG_DONTWAIT, SHUT_WR } from "../mod.ts";
import { BACKENDS } from "./_backends.ts";
import { SUBJECTS } from "./_sim.ts";
import { converse } from "./_examples.ts";
import { runDeno } from "./_helpers.ts";
import { Connected, Listening } from "./conformance/fixtures.ts";

/** Runs a program over a backend until it ends by itself. Returns its output. */
async function run(url: string, source: string): Promise<string> {
  await using program = await runDeno(`import * as socket from ${JSON.stringify(url)};\n${source}`);
  return (await converse(program)).trim();
}

/** Ways to give up a connect, and the output of each. */
const GIVEN_UP: Record<string, [source: string, printed: string]> = {
  "that timed out": [
    `client.settimeout(0.05);
     await client.connect(ADDRESS).catch((error) => console.log(error.message));`,
    "timed out",
  ],
  "that was aborted": [
    `const signal = AbortSignal.timeout(50);
     await client.connect(ADDRESS, { signal }).catch((error) => console.log(error.name));`,
    "TimeoutError",
  ],
  "in non-blocking mode": [
    `client.setblocking(false);
     await client.connect(ADDRESS).catch((error) => console.log(error.code));`,
    "EINPROGRESS",
  ],
};

/** Calls that do not wait. Each is repeated many times, and each may fail. */
const AT_ONCE: Record<string, (all: Connected) => () => Promise<unknown>> = {
  "recv at the end of the stream": ({ client, peer }) => {
    peer.close();
    return () => client.recv(10);
  },
  "recv_into at the end of the stream": ({ client, peer }) => {
    peer.close();
    const buffer = new Uint8Array(10);
    return () => client.recv_into(buffer);
  },
  "a large recv_into at the end of the stream": ({ client, peer }) => {
    peer.close();
    const buffer = new Uint8Array(65536);
    return () => client.recv_into(buffer);
  },
  "recv that finds nothing": ({ client }) => {
    client.setblocking(false);
    return () => client.recv(10);
  },
  "recv with MSG_DONTWAIT that finds nothing": ({ client }) => () => client.recv(10, MSG_DONTWAIT),
  "accept without a connection": ({ server }) => {
    server.setblocking(false);
    return () => server.accept();
  },
  "send after SHUT_WR": ({ client }) => {
    const shut = client.shutdown(SHUT_WR);
    return () => shut.then(() => client.send("x"));
  },
  "recv on a listener": ({ server }) => () => server.recv(10),
  "recv on a closed socket": ({ client }) => {
    client.close();
    return () => client.recv(10);
  },
  "accept on a socket that does not listen": ({ client }) => () => client.accept(),
};

for (const { name, module: m, url } of SUBJECTS) {
  const test = (what: string, fn: () => Promise<void>) => Deno.test(`${name}: ${what}`, fn);
  const CONNECTED = `
    const server = socket.create_server(["127.0.0.1", 0]);
    const client = await socket.create_connection(server.getsockname());
    const [peer] = await server.accept();
  `;

  test("unref lets the process end before the timeout of a pending call", async () => {
    const recv = `client.recv(10).catch(() => {});`;
    const patient = `${CONNECTED} client.settimeout(60);`;
    assert.equal(await run(url, `${patient} client.unref(); ${recv} console.log("end");`), "end");
    assert.equal(await run(url, `${patient} ${recv} client.unref(); console.log("end");`), "end");
  });

  test("after ref the process stays alive until the timeout", async () => {
    for (const order of ["client.unref(); CALL client.ref();", "client.unref(); client.ref(); CALL"]) {
      const call = `client.recv(10).catch((error) => console.log(error.message));`;
      const source = `${CONNECTED} client.settimeout(0.2); ${order.replace("CALL", call)}`;
      assert.equal(await run(url, source), "timed out");
    }
  });

  for (const [what, prepare] of Object.entries(AT_ONCE)) {
    test(`a loop of ${what} lets timers run`, async () => {
      using all = await Connected.open(m);
      const call = prepare(all);
      await call().catch(() => {});
      let fired = false;
      const timer = setTimeout(() => fired = true, 0);
      for (let n = 0; n < 200_000 && !fired; n++) await call().catch(() => {});
      clearTimeout(timer);
      assert(fired);
    });
  }
}

const [{ url }] = BACKENDS;

for (const [what, [source, printed]] of Object.entries(GIVEN_UP)) {
  Deno.test(`deno: a connect ${what} does not keep the process alive once its socket is closed`, async () => {
    // The queue of a backlog of 0 has room for one. Linux drops the next SYN, and repeats it for two minutes.
    using listening = new Listening(BACKENDS[0].module, "IPv4", 0);
    using first = listening.socket();
    await first.connect(listening.address);
    const program = `
      const client = socket.socket();
      ${source.replace("ADDRESS", JSON.stringify(listening.address))}
      client.close();
    `;
    assert.equal(await run(url, program), printed);
  });
}
