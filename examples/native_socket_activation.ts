// Socket activation: systemd opens the port, starts the server with the first client, and passes it the listening
// socket.
//
//   deno run --allow-ffi=/lib/x86_64-linux-gnu/libc.so.6 --allow-env=LISTEN_PID,LISTEN_FDS \
//     --allow-net=127.0.0.1:9008 examples/native_socket_activation.ts
//
// Started with this command, it opens the port itself. With systemd-socket-activate -l 9008 before the command it gets
// the socket, as it does from a .socket unit. The variables are those of sd_listen_fds(3): LISTEN_FDS sockets, from
// descriptor 3 on, are for process LISTEN_PID. The server needs no right to open the port. No client is refused while
// it restarts. It can end when it is idle.

import * as socket from "@berkeley/socket/native";
import { options } from "./_shared.ts";

const FIRST_FD = 3;

const { port, idle } = options("native_socket_activation: serves the sockets that systemd passes to it", {
  port: 9008,
  idle: 0, // seconds without a client after which it ends; 0: never
});

/** The sockets that this process received. */
function handedSockets(): socket.Socket[] {
  if (Deno.env.get("LISTEN_PID") !== String(Deno.pid)) return []; // none, or for a parent process
  const count = Number(Deno.env.get("LISTEN_FDS"));
  // Family, type and protocol are read from the descriptor.
  return Array.from({ length: count }, (_, place) => socket.socket(-1, -1, -1, FIRST_FD + place));
}

async function greet(listener: socket.Socket): Promise<void> {
  const [conn] = await listener.accept();
  await conn.sendall(`hello from process ${Deno.pid}\n`);
  conn.close();
}

const handed = handedSockets();
const listeners = handed.length > 0 ? handed : [socket.create_server(["127.0.0.1", port])];
console.log(handed.length > 0 ? "received" : "opened", ...listeners.map((listener) => listener.getsockname()));
for (;;) {
  const [ready] = await socket.select(listeners, [], [], idle > 0 ? idle : null);
  if (ready.length === 0) break;
  for (const listener of ready) await greet(listener).catch((error) => console.error("lost a client:", error.message));
}
console.log("no clients"); // systemd keeps the port open
