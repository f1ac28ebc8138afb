// node:tls over sockets, in both roles; HTTPS and HTTP/2 over that, and HTTP/2 in the clear.

import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import https from "node:https";
import tls from "node:tls";
import { cert, key } from "./_certificate.ts";
import { dial, keepAlive, onEachBackend, StreamServer, within } from "./_streams.ts";
import type { Module } from "../conformance/fixtures.ts";

/** The server's end of TLS over a stream. */
function secured(stream: unknown, ALPNProtocols?: string[]): tls.TLSSocket {
  return new tls.TLSSocket(stream as any, {
    isServer: true,
    key,
    cert,
    ALPNProtocols,
  });
}

/** The client's end of TLS over a connection to a port. */
async function dialSecurely(
  m: Module,
  port: number,
  ALPNProtocols?: string[],
): Promise<tls.TLSSocket> {
  const stream: any = await dial(m, port);
  const secure = tls.connect({
    socket: stream,
    ca: cert,
    servername: "localhost",
    ALPNProtocols,
  });
  await within(once(secure, "secureConnect"));
  return secure;
}

onEachBackend(
  "tls: both ends; a name that the certificate does not have is refused",
  async (m) => {
    await using streams = new StreamServer(m, (stream) => {
      const secure = secured(stream);
      secure.on("error", () => {});
      secure.pipe(secure);
    });
    const secure = await dialSecurely(m, streams.port);
    assert.equal(secure.authorized, true);
    secure.setEncoding("utf8");
    secure.write("世界");
    assert.deepEqual(await within(once(secure, "data")), ["世界"]);
    secure.end();
    await within(once(secure, "close"));

    const stream: any = await dial(m, streams.port);
    const refused = tls.connect({
      socket: stream,
      ca: cert,
      servername: "elsewhere.test",
    });
    const [error] = await within(once(refused, "error"));
    assert.match(
      String(error.code ?? error.message),
      /ALTNAME|NotValidForName|not valid for name/i,
    );
    stream.destroy();
  },
);

onEachBackend("https: an agent asks twice over one connection", async (m) => {
  const handle = (request: any, response: any) => response.end(`secure ${request.url}`);
  const server = keepAlive(https.createServer({ key, cert }, handle));
  await using streams = new StreamServer(
    m,
    (stream) => void server.emit("connection", stream),
  );
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = ((_: unknown, callback: (error: unknown, stream?: unknown) => void) => {
    dialSecurely(m, streams.port).then(
      (secure) => callback(null, secure),
      callback,
    );
  }) as any;
  for (const path of ["/one", "/two"]) {
    const [response] = await within(
      once(https.get({ host: "localhost", path, agent }), "response"),
    );
    let text = "";
    for await (const chunk of response) text += chunk;
    assert.equal(text, `secure ${path}`);
  }
  assert.equal(streams.connections, 1);
  agent.destroy();
});

/** Asks for some paths at once over one HTTP/2 session, and closes it. */
async function askByHttp2(url: string, stream: unknown): Promise<string[]> {
  const session = http2.connect(url, { createConnection: () => stream as any });
  const answers = await within(
    Promise.all(["/one", "/two", "/three"].map(async (path) => {
      const request = session.request({ ":path": path });
      request.setEncoding("utf8");
      let text = "";
      for await (const chunk of request) text += chunk;
      return text;
    })),
  );
  await within(new Promise<void>((resolve) => session.close(resolve)));
  return answers;
}

onEachBackend("http2: several requests at once over one socket", async (m) => {
  const server = http2.createServer((request, response) => response.end(`two ${request.url}`));
  await using streams = new StreamServer(
    m,
    (stream) => void server.emit("connection", stream),
  );
  assert.deepEqual(
    await askByHttp2("http://localhost", await dial(m, streams.port)),
    [
      "two /one",
      "two /two",
      "two /three",
    ],
  );
  assert.equal(streams.connections, 1);
});

onEachBackend("http2: the same over node:tls", async (m) => {
  const server = http2.createSecureServer(
    { key, cert },
    (request, response) => response.end(`two ${request.url}`),
  );
  await using streams = new StreamServer(
    m,
    (stream) => void server.emit("connection", stream),
  );
  const secure = await dialSecurely(m, streams.port, ["h2"]);
  assert.equal(secure.alpnProtocol, "h2");
  assert.deepEqual(await askByHttp2("https://localhost", secure), [
    "two /one",
    "two /two",
    "two /three",
  ]);
});
