// A connection moves to another process: the front accepts, and passes each descriptor to a worker, which answers.
//
//   deno run --allow-ffi=/lib/x86_64-linux-gnu/libc.so.6 --allow-net=unix:/tmp/pass.sock \
//     --allow-read=/tmp/pass.sock --allow-write=/tmp/pass.sock examples/native_pass_fd.ts worker
//   deno run --allow-ffi=/lib/x86_64-linux-gnu/libc.so.6 --allow-net=unix:/tmp/pass.sock,127.0.0.1:9999 \
//     --allow-read=/tmp/pass.sock --allow-write=/tmp/pass.sock examples/native_pass_fd.ts front
//
// Connect with examples/echo_client.ts, or `nc 127.0.0.1 9999`. The worker has no permission to use the network and
// needs none: the sockets that it gets are connected.

import * as socket from "@berkeley/socket/native";
import { options, refuse } from "./_shared.ts";

const { path, port, rest: [role] } = options("native_pass_fd worker|front: passes connections to another process", {
  path: "/tmp/pass.sock",
  port: 9999,
});

if (role === "worker") await worker();
else if (role === "front") await front();
else refuse("say worker or front");

async function front(): Promise<void> {
  using channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET);
  await channel.connect(path);
  using server = socket.create_server(["127.0.0.1", port]);
  console.log("listening on", server.getsockname());
  for await (const [conn, [host]] of server) {
    using _ = conn; // closes this copy; the worker has its own
    await socket.send_fds(channel, [String(host)], [conn.fileno()]);
  }
}

async function worker(): Promise<void> {
  using listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET);
  forget(path);
  listener.bind(path);
  listener.listen();
  console.log("waiting at", path);
  const [channel] = await listener.accept();
  for (;;) {
    const [host, fds] = await socket.recv_fds(channel, 256, 1);
    if (host.length === 0) break; // the front has ended
    using conn = socket.socket(-1, -1, -1, fds[0]); // adopted: family and type are found out
    await conn.sendall(`hello ${new TextDecoder().decode(host)}, this is process ${Deno.pid}\n`);
    console.log("answered", conn.getpeername());
  }
}

/** Removes the path of a worker that was killed: bind refuses a path that exists. */
function forget(path: string): void {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
