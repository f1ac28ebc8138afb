// undici's client, over connections of this module.

import assert from "node:assert/strict";
import http from "node:http";
import { dial, keepAlive, load, onEachBackend, StreamServer, within } from "./_streams.ts";

const { Client } = load("undici");

onEachBackend("undici: pipelined requests over one connection", async (m) => {
  const server = keepAlive(http.createServer(async (request, response) => {
    let length = 0;
    for await (const chunk of request) length += chunk.length;
    response.end(`${request.method} ${request.url} ${length}`);
  }));
  await using streams = new StreamServer(
    m,
    (stream) => void server.emit("connection", stream),
  );
  const client = new Client("http://localhost", {
    pipelining: 4,
    connect: (
      _: unknown,
      callback: (error: unknown, stream?: unknown) => void,
    ) => {
      dial(m, streams.port).then((stream) => callback(null, stream), callback);
    },
  });
  const body = new Uint8Array(100_000);
  const answers = await within(
    Promise.all(Array.from({ length: 20 }, async (_, i) => {
      const post = i % 2 === 1;
      const response = await client.request({
        path: `/${i}`,
        method: post ? "POST" : "GET",
        body: post ? body : null,
      });
      return await response.body.text();
    })),
  );
  assert.deepEqual(
    answers,
    answers.map((_, i) => i % 2 === 1 ? `POST /${i} 100000` : `GET /${i} 0`),
  );
  assert.equal(streams.connections, 1);
  await within(client.close());
  // undici's timers go on for a second.
}, { sanitizeOps: false, sanitizeResources: false });
