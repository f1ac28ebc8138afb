// Calls that need no wait let the event loop turn: a loop of them lets timers run.

import assert from "node:assert/strict";
import type { Socket } from "../mod.ts";
import { ALL_SUBJECTS } from "./_sim.ts";
import { Connected } from "./conformance/fixtures.ts";
import type { Module } from "./conformance/fixtures.ts";

/** How many calls a loop makes at most. A turn is due after each 512. */
const MOST_CALLS = 100_000;

/** The sockets of a test. */
interface Sockets {
  m: Module;
  all: Connected;
  udp: Socket;
  closed: Socket;
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
};

for (const { name, module: m } of ALL_SUBJECTS) {
  for (const [what, call] of Object.entries(CALLS)) {
    Deno.test(`${name}: a loop of ${what} lets timers run`, async () => {
      await using stack = new AsyncDisposableStack();
      let last: Promise<unknown> | undefined;
      // Disposed after the sockets, because some calls end with their socket only.
      stack.defer(async () => void await last);
      using all = await Connected.open(m);
      using udp = m.socket(m.AF_INET, m.SOCK_DGRAM);
      udp.bind(["127.0.0.1", 0]);
      await udp.connect(udp.getsockname());
      const closed = m.socket();
      closed.close();
      const sockets = { m, all, udp, closed };
      const { promise: fired, resolve: fire } = Promise.withResolvers<void>();
      let hasFired = false;
      const timer = setTimeout(() => {
        hasFired = true;
        fire();
      }, 0);
      for (let calls = 0; calls < MOST_CALLS && !hasFired; calls++) {
        // A call may wait after all, until the timer fires.
        last = call(sockets).catch(() => {});
        await Promise.race([last, fired]);
      }
      clearTimeout(timer);
      assert.ok(hasFired);
    });
  }
}
