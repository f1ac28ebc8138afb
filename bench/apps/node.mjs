// The applications on Node's API, for Node and for Deno.

import dgram from "node:dgram";
import http from "node:http";
import process from "node:process";

const [role] = process.argv.slice(2);
process.stdin.on("end", () => process.exit(0)).resume();

if (role === "http") {
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/plain", "content-length": 13 });
    response.end("Hello, world\n");
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
} else {
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
  const sock = dgram.createSocket("udp4");
  sock.on("message", (query, { port, address }) => {
    if (query.length < 17 || query[2] & 0x80 || query[5] !== 1) return;
    const answer = Buffer.concat([query, record]);
    answer[2] |= 0x84;
    answer[7] = 1;
    sock.send(answer, port, address);
  });
  sock.bind(0, "127.0.0.1", () => console.log(sock.address().port));
}
