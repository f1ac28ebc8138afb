// A simulated host as a subject of the suites. It runs on the real clock, because the suites wait in real time.

import type { Socket } from "../mod.ts";
import { World } from "../sim.ts";
import type { Host } from "../sim.ts";
import { ALL_BACKENDS, BACKENDS } from "./_backends.ts";
import type { Module, Subject } from "./conformance/fixtures.ts";
import type { FamilyName } from "./differential/scenario.ts";

/** The host. */
export const simulatedHost: Host = new World({ trace: false }).host("sim");

const module: Module = simulatedHost.socket;

/** SO_LINGER with 0 seconds: close resets the connection. */
const NO_LINGER = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

/** The listeners, and connections that stay open. */
const kept: Socket[] = [];

/** Reads the first byte of a connection and does what it says, as the helper in differential/interpreter.py. */
async function serve(peer: Socket): Promise<void> {
  const command = new TextDecoder().decode(await peer.recv(1));
  if (command === "D") await peer.sendall("data");
  if (command === "R" || command === "D") peer.setsockopt(module.SOL_SOCKET, module.SO_LINGER, NO_LINGER);
  else if (command !== "C") {
    if (command === "H") await peer.shutdown(module.SHUT_WR);
    while ((await peer.recv(4096)).length > 0);
    // The client must not see the end of this connection, because the time of the end is not deterministic.
    return void kept.push(peer);
  }
  peer.close();
}

/** Starts the helper, which resets, half-closes or closes a connection on demand. Returns its address. */
function listen(host: string, family: number): [string, number] {
  const server = module.create_server([host, 0], { family, backlog: 1024 });
  kept.push(server);
  (async () => {
    for await (const [peer] of server) serve(peer).catch(() => peer.close());
  })();
  return server.getsockname() as [string, number];
}

/** The simulated host as a subject. */
export const simulated: Subject = {
  name: "sim",
  module,
  url: import.meta.resolve("./_sim_entry.ts"),
  exempt: {
    "listen(backlog) sets the kernel's queue": "it asks ss, which shows only the sockets of the kernel",
    "a connect that was given up at a full queue connects when there is room":
      "a dropped SYN is sent again after a second: it is tested in virtual time, in sim_waits_test.ts",
    "half-open: calls to a stopped peer end at their timeout, and its end is seen": "the peer is in another process",
    "a pending call keeps the process alive": "the peer is in another process",
    "a pending accept keeps the process alive": "the peer is in another process",
    "unref lets the process end during a pending call, and ref undoes it":
      "no event from outside can end a wait in a simulation, so a pending call does not keep the process alive",
  },
};

/** The helper of the differential tests, as the simulated host reaches it. */
export class Helper implements Disposable {
  readonly addresses: Record<FamilyName, any> = {
    TCP: listen("127.0.0.1", module.AF_INET),
    TCP6: listen("::1", module.AF_INET6),
    UNIX: null,
    UDP: null,
    UDP6: null,
    "UNIX datagrams": null,
  };

  /** Closes all its sockets. A host with open sockets keeps the timer of its latest select. */
  [Symbol.dispose](): void {
    for (const sock of kept.splice(0)) sock.close();
  }
}

/** The backends of this machine and the simulated host. */
export const SUBJECTS: Subject[] = [...BACKENDS, simulated];

/** The same subjects, and the backend in memory. */
export const ALL_SUBJECTS: Subject[] = [...ALL_BACKENDS, simulated];
