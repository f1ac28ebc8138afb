// ws, as client and as server.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { dial, load, onEachBackend, StreamServer, within } from "./_streams.ts";

const { WebSocket, WebSocketServer } = load("ws");

onEachBackend("ws: client and server talk, ping, and close", async (m) => {
  const sockets = new WebSocketServer({ noServer: true });
  const server = http.createServer();
  server.on("upgrade", (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (socket: any) => {
      socket.on(
        "message",
        (data: Uint8Array, binary: boolean) => socket.send(data, { binary }),
      );
    });
  });
  await using streams = new StreamServer(
    m,
    (stream) => void server.emit("connection", stream),
  );

  const stream = await dial(m, streams.port);
  const client = new WebSocket("ws://localhost/", {
    createConnection: () => stream,
  });
  await within(once(client, "open"));
  const big = "x".repeat(1 << 20);
  for (const said of ["hello", "世界,你好", big]) {
    client.send(said);
    const [data, binary] = await within(once(client, "message"));
    assert.equal(String(data), said);
    assert.equal(binary, false);
  }
  client.send(Uint8Array.of(0, 1, 255));
  assert.deepEqual([...(await within(once(client, "message")))[0]], [
    0,
    1,
    255,
  ]);
  client.ping("there?");
  assert.equal(String((await within(once(client, "pong")))[0]), "there?");
  client.close(1000, "done");
  assert.equal((await within(once(client, "close")))[0], 1000);
  if (!stream.destroyed) await within(once(stream, "close"));
});
