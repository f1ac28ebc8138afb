// Connects the terminal with a socket: input goes to the peer, and what the peer sends is printed.
//
//   deno run --allow-net=127.0.0.1:7000 examples/netcat.ts --listen 127.0.0.1 7000
//   deno run --allow-net=127.0.0.1:7000 examples/netcat.ts 127.0.0.1 7000
//
// It connects or listens, over TCP, over UDP (which needs permission for the ports of its peers) or, with --unix and a
// path instead of host and port, over Unix sockets:
//
//   deno run --unstable-net --allow-net=127.0.0.1 examples/netcat.ts --udp --listen 127.0.0.1 7000
//   deno run --unstable-net --allow-net=127.0.0.1 examples/netcat.ts --udp 127.0.0.1 7000
//   deno run --allow-net=unix:/tmp/cat.sock --allow-read=/tmp/cat.sock --allow-write=/tmp/cat.sock \
//     examples/netcat.ts --unix --listen /tmp/cat.sock
//
// The end of the input (Ctrl-D) half-closes a stream. The peer's answer still arrives.

import * as socket from "@berkeley/socket";
import { options, portOf, refuse } from "./_shared.ts";

/** How long, in seconds, UDP waits for answers after the end of the input: datagrams have no end of stream. */
const LINGER = 1;

const { listen, udp, unix, rest } = options("netcat [--listen] [--udp] host port | netcat [--listen] --unix path", {
  listen: false,
  udp: false,
  unix: false,
});
if (rest.length !== (unix ? 1 : 2)) refuse(unix ? "say a path" : "say a host and a port");
if (unix && udp) refuse("--unix is a stream");
const address: socket.AddressLike = unix ? rest[0] : [rest[0], portOf(rest[1], "the second argument")];

await (udp ? talkInDatagrams() : talkInStreams());
// A read of the terminal that is still under way would keep the process alive.
Deno.exit();

async function talkInStreams(): Promise<void> {
  using sk = await stream();
  const sending = Deno.stdin.readable.pipeTo(sk.writable); // closing `writable` at the end does shutdown(SHUT_WR)
  // If the peer has closed, the receiving loop below notices it, after it has received everything.
  sending.catch(() => {});
  const output = Deno.stdout.writable.getWriter();
  const buffer = new Uint8Array(65536); // one for all: each write is over before the next receive
  for (let length; (length = await sk.recv_into(buffer)) > 0;) await output.write(buffer.subarray(0, length));
}

async function stream(): Promise<socket.Socket> {
  const sk = socket.socket(unix ? socket.AF_UNIX : socket.AF_INET);
  if (!listen) {
    await sk.connect(address);
    return sk;
  }
  using server = sk;
  server.bind(address);
  server.listen(1);
  console.error("listening on", server.getsockname());
  const [conn] = await server.accept();
  return conn;
}

async function talkInDatagrams(): Promise<void> {
  using sk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  if (listen) {
    sk.bind(address);
    console.error("listening on", sk.getsockname());
    const [data, caller] = await sk.recvfrom(65535); // the first sender becomes the peer
    await Deno.stdout.write(data);
    await sk.connect(caller!);
  } else await sk.connect(address);
  sendTerminal(sk).finally(() => sk.close());
  for await (const [data] of sk) await Deno.stdout.write(data); // until it is closed
}

async function sendTerminal(sk: socket.Socket): Promise<void> {
  for await (const chunk of Deno.stdin.readable) await sk.send(chunk);
  await new Promise((resolve) => setTimeout(resolve, LINGER * 1000));
}
