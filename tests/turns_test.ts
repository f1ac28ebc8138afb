// Calls that need no wait let the event loop turn: a loop of them lets timers run.

import assert from "node:assert/strict";
import type { BufferedFile, Epoll, Reader, Socket, TextFile } from "../mod.ts";
import * as mod from "../mod.ts";
import * as native from "../native.ts";
import * as nativeSsl from "../native/ssl.ts";
import * as ssl from "../ssl.ts";
import { ALL_SUBJECTS } from "./_sim.ts";
import { Connected } from "./conformance/fixtures.ts";
import type { Module } from "./conformance/fixtures.ts";

/** How many calls a loop makes at most. A turn is due after each 512. */
const MOST_CALLS = 100_000;

/** The sockets of a test, and files of one. */
interface Sockets {
  m: Module;
  all: Connected;
  udp: Socket;
  closed: Socket;
  bytes: BufferedFile;
  text: TextFile;
  closedFile: TextFile;
  ended: Reader;
  closedEpoll: Epoll;
}

/** Calls that end without a wait, with a result or an error. */
const CALLS: Record<string, (sockets: Sockets) => Promise<unknown>> = {
  "recv(0)": ({ all }) => all.client.recv(0),
  "recv_into an empty buffer": ({ all }) => all.client.recv_into(new Uint8Array(0)),
  "recv with an aborted signal": ({ all }) => all.client.recv(1, { signal: AbortSignal.abort(0) }),
  "recvmsg of a negative size": ({ all }) => all.client.recvmsg(-1),
  "recvmsg_into of a closed socket": ({ closed }) => closed.recvmsg_into([]),
  'send("")': ({ all }) => all.client.send(""),
  'sendall("")': ({ all }) => all.client.sendall(""),
  "sendall of a datagram": ({ udp }) => udp.sendall("x"),
  "sendto of a datagram": ({ udp }) => udp.sendto("x", udp.getsockname()),
  'sendto("") on a stream': ({ all }) => all.client.sendto("", all.peer.getsockname()),
  "sendmsg of a closed socket": ({ closed }) => closed.sendmsg([]),
  "sendfile of a closed socket": ({ closed }) => closed.sendfile(null!, 0, 0),
  "accept of a closed socket": ({ closed }) => closed.accept(),
  "connect of a closed socket": ({ closed }) => closed.connect(["127.0.0.1", 1]),
  "connect_ex of a closed socket": ({ closed }) => closed.connect_ex(["127.0.0.1", 1]),
  "connect to a wrong address": ({ udp }) => udp.connect(5 as any),
  "connect(AF_UNSPEC)": ({ m, all }) => all.client.connect(m.AF_UNSPEC),
  shutdown: ({ m, all }) => all.client.shutdown(m.SHUT_WR),
  "shutdown of a closed socket": ({ m, closed }) => closed.shutdown(m.SHUT_WR),
  "await using of a closed socket": ({ closed }) => closed[Symbol.asyncDispose](),
  "iteration over a closed socket": ({ closed }) => closed[Symbol.asyncIterator]().next(),
  "create_connection to a wrong address": ({ m }) => m.create_connection(5 as any),
  "getaddrinfo of a numeric address": ({ m }) => m.getaddrinfo("127.0.0.1", 80),
  "gethostbyname of a numeric address": ({ m }) => m.gethostbyname("127.0.0.1"),
  "socketpair of a wrong type": ({ m }) => m.socketpair("x" as any),
  "send_fds of a wrong descriptor": ({ m, all }) => m.send_fds(all.client, ["x"], ["x" as any]),
  "recv_fds of a wrong number": ({ m, all }) => m.recv_fds(all.client, 1, "x" as any),
  "getaddrinfo of a wrong host": ({ m }) => m.getaddrinfo(5 as any, 80),
  "a read of 0 bytes of a file": ({ bytes }) => bytes.read(0),
  "readline of a file with a limit of 0": ({ text }) => text.readline(0),
  "readinto an empty buffer": ({ bytes }) => bytes.readinto(new Uint8Array(0)),
  "a read of a wrong size": ({ text }) => text.read("x" as any),
  "an empty write to a file of bytes": ({ bytes }) => bytes.write(""),
  "an empty write to a file of text": ({ text }) => text.write(""),
  "writelines without lines": ({ text }) => text.writelines([]),
  "flush of a file": ({ text }) => text.flush(),
  "close of a closed file": ({ closedFile }) => closedFile.close(),
  "readlines of a closed file": ({ closedFile }) => closedFile.readlines(),
  "read of a reader at its end": ({ ended }) => ended.read(),
  "readline of a reader at its end": ({ ended }) => ended.readline(),
  "readlines of a reader with a wrong hint": ({ ended }) => ended.readlines("x" as any),
  "select of a wrong list": ({ m }) => m.select(5 as any, [], []),
  "select with an aborted signal": ({ m }) => m.select([], [], [], 5, { signal: AbortSignal.abort(0) }),
  "poll with a wrong timeout": ({ m }) => m.poll().poll("x" as any),
  "poll of a closed epoll": ({ closedEpoll }) => closedEpoll.poll(),
  "select of a selector with a wrong timeout": ({ m }) => new m.SelectSelector().select("x" as any),
};

for (const { name, module: m } of ALL_SUBJECTS) {
  for (const [what, call] of Object.entries(CALLS)) {
    Deno.test(`${name}: a loop of ${what} lets timers run`, async () => {
      using all = await Connected.open(m);
      using udp = m.socket(m.AF_INET, m.SOCK_DGRAM);
      udp.bind(["127.0.0.1", 0]);
      await udp.connect(udp.getsockname());
      const closed = m.socket();
      closed.close();
      await using bytes = all.client.makefile("rwb");
      await using text = all.peer.makefile("rw");
      const closedFile = all.peer.makefile("rw");
      await closedFile.close();
      using ended = m.reader(new Blob([]).stream());
      await ended.read();
      const closedEpoll = m.epoll();
      closedEpoll.close();
      const sockets = { m, all, udp, closed, bytes, text, closedFile, ended, closedEpoll };
      await checkLoop(() => call(sockets));
    });
  }
}

for (const [name, m, { create_default_context }] of [["deno", mod, ssl], ["native", native, nativeSsl]] as const) {
  Deno.test({
    name: `${name}: a loop of wrap_socket with a wrong argument lets timers run`,
    ignore: name === "native" && Deno.build.os !== "linux",
    async fn() {
      using sk = m.socket();
      const context = create_default_context();
      await checkLoop(() => context.wrap_socket(sk, { server_side: true }));
    },
  });
}

/** Makes a call again and again, and checks that a timer fires meanwhile. */
async function checkLoop(call: () => Promise<unknown>): Promise<void> {
  const { promise: fired, resolve: fire } = Promise.withResolvers<void>();
  let hasFired = false;
  const timer = setTimeout(() => {
    hasFired = true;
    fire();
  }, 0);
  let last: Promise<unknown> = fired;
  for (let calls = 0; calls < MOST_CALLS && !hasFired; calls++) {
    // A call may wait after all, until the timer fires.
    last = call().catch(() => {});
    await Promise.race([last, fired]);
  }
  await last;
  clearTimeout(timer);
  assert.ok(hasFired);
}
