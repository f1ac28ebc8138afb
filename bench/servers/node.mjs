// The same program on node:net and node:dgram; it runs under Node and under Deno.

import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { argv, exit, stdin } from "node:process";

const PIECE = 65536;
const hostname = "127.0.0.1";
const [role, port = 0, connections = 1, size = 64, warmup = 0, seconds = 0] = argv.slice(2).map((word, i) =>
  i === 0 ? word : Number(word)
);

function untilStdinEnds() {
  stdin.on("end", () => exit(0)).resume();
}

const handlers = {
  echo(conn) {
    conn.on("data", (data) => conn.write(data));
  },
  receive(conn) {
    conn.on("data", () => {});
  },
  send(conn) {
    const piece = new Uint8Array(PIECE);
    const fill = () => {
      while (conn.write(piece));
    };
    conn.on("drain", fill);
    fill();
  },
  accept(conn) {
    conn.destroy();
  },
};
handlers.receive_into = handlers.receive;
handlers.echo_into = handlers.echo;

if (role === "first") {
  const conn = connect(port, hostname, () => conn.write(new Uint8Array(64)));
  conn.on("data", () => conn.destroy());
} else if (role === "client") {
  let operations = 0;
  let running = true;
  for (let i = 0; i < connections; i++) {
    const message = new Uint8Array(size);
    let got = 0;
    const conn = connect(port, hostname, () => conn.write(message));
    conn.setNoDelay(true);
    conn.on("data", (data) => {
      got += data.length;
      if (got < size) return;
      got = 0;
      operations++;
      if (running) conn.write(message);
    });
  }
  setTimeout(() => {
    console.log("start");
    operations = 0;
    const begin = performance.now();
    setTimeout(() => {
      console.log(JSON.stringify({ operations, seconds: (performance.now() - begin) / 1000 }));
      running = false;
      untilStdinEnds();
    }, seconds * 1000);
  }, warmup * 1000);
} else if (role === "udp" || role === "udp_recvfrom") {
  untilStdinEnds();
  const sock = createSocket("udp4");
  sock.on("message", (data, from) => sock.send(data, from.port, from.address));
  sock.bind(0, hostname, () => console.log(sock.address().port));
} else {
  untilStdinEnds();
  const serve = handlers[role];
  const server = createServer((conn) => {
    conn.on("error", () => {}); // the load has seen enough
    serve(conn);
  });
  server.listen(0, hostname, 1024, () => console.log(server.address().port));
}
