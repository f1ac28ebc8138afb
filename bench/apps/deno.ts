// The applications on Deno's own API.

import { announce, untilStdinEnds } from "../servers/roles.ts";
import { answerTo, PIECE } from "./protocols.ts";

const hostname = "127.0.0.1";
const [role, target] = Deno.args;
untilStdinEnds();

if (role === "http") {
  Deno.serve({ hostname, port: 0, onListen: ({ port }) => announce([hostname, port]) }, () => {
    return new Response("Hello, world\n", { headers: { "content-type": "text/plain" } });
  });
} else if (role === "dns") {
  const sock = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  announce([hostname, (sock.addr as Deno.NetAddr).port]);
  const buffer = new Uint8Array(512);
  for (;;) {
    const [query, client] = await sock.receive(buffer);
    const answer = answerTo(query);
    if (answer !== undefined) await sock.send(answer, client);
  }
} else {
  const server = Deno.listen({ hostname, port: 0 });
  announce([hostname, server.addr.port]);
  for await (const near of server) forward(near).catch(() => near.close());
}

async function forward(near: Deno.Conn): Promise<void> {
  const far = await Deno.connect({ hostname, port: Number(target) });
  await Promise.all([copy(near, far), copy(far, near)]);
  near.close();
  far.close();
}

async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(PIECE);
  for (let n; (n = await from.read(buffer)) !== null;) {
    for (let sent = 0; sent < n;) sent += await to.write(buffer.subarray(sent, n));
  }
  await to.closeWrite();
}
