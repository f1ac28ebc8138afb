// node:http over sockets: agents, keep-alive, bodies in both directions.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { dial, keepAlive, onEachBackend, StreamServer, within } from "./_streams.ts";
import type { Module } from "../conformance/fixtures.ts";

/** An agent whose connections are sockets of this module. */
function agentOn(
  m: Module,
  port: number,
  options: http.AgentOptions,
): http.Agent {
  const agent = new http.Agent(options);
  agent.createConnection = ((_: unknown, callback: (error: unknown, stream?: unknown) => void) => {
    dial(m, port).then((stream) => callback(null, stream), callback);
  }) as any;
  return agent;
}

/** One request and the text of its answer. */
async function ask(
  agent: http.Agent,
  path: string,
  body?: string,
): Promise<string> {
  const request = http.request({
    host: "sockets.test",
    path,
    agent,
    method: body === undefined ? "GET" : "POST",
  });
  request.end(body);
  const [response] = await within(once(request, "response"));
  let text = "";
  for await (const chunk of response) text += chunk;
  return text;
}

onEachBackend(
  "http: an agent with keepAlive asks often over one connection",
  async (m) => {
    const seen = new Set<unknown>();
    const server = keepAlive(http.createServer((request, response) => {
      seen.add(request.socket.remotePort);
      response.end(`${request.method} ${request.url}`);
    }));
    await using streams = new StreamServer(
      m,
      (stream) => void server.emit("connection", stream),
    );
    const agent = agentOn(m, streams.port, { keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 50; i++) {
      assert.equal(await ask(agent, `/${i}`), `GET /${i}`);
    }
    assert.equal(streams.connections, 1);
    assert.equal(seen.size, 1);
    assert.equal(typeof [...seen][0], "number");
    agent.destroy();
  },
);

onEachBackend(
  "http: without keepAlive each request has a connection",
  async (m) => {
    const server = http.createServer((_, response) => response.end("answer"));
    await using streams = new StreamServer(
      m,
      (stream) => void server.emit("connection", stream),
    );
    const agent = agentOn(m, streams.port, { keepAlive: false });
    assert.deepEqual(
      await Promise.all([1, 2, 3].map(() => ask(agent, "/"))),
      ["answer", "answer", "answer"],
    );
    assert.equal(streams.connections, 3);
    agent.destroy();
  },
);

onEachBackend("http: megabytes go up and come back", async (m) => {
  const server = http.createServer((request, response) => request.pipe(response));
  await using streams = new StreamServer(
    m,
    (stream) => void server.emit("connection", stream),
  );
  const agent = agentOn(m, streams.port, { keepAlive: true });
  const body = "0123456789abcdef".repeat(1 << 18);
  assert.equal(await ask(agent, "/", body), body);
  agent.destroy();
});

onEachBackend(
  "http: a request that takes too long meets its timeout",
  async (m) => {
    const server = http.createServer(() => {});
    await using streams = new StreamServer(
      m,
      (stream) => void server.emit("connection", stream),
    );
    const agent = agentOn(m, streams.port, { keepAlive: true });
    const request = http.get({ host: "sockets.test", agent, timeout: 50 });
    request.on("error", () => {});
    await within(once(request, "timeout"));
    request.destroy();
    agent.destroy();
  },
);
