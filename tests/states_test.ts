// Every call in every state of a stream socket, compared with python3: results, exception classes, errno.

import assert from "node:assert/strict";
import * as deno from "../mod.ts";
import * as native from "../native.ts";
import type { Module } from "./conformance/fixtures.ts";
import { compare, show } from "./differential/compare.ts";
import type { BackendName } from "./differential/compare.ts";
import { Oracle } from "./differential/oracle.ts";
import type { FamilyName, Scenario, Step } from "./differential/scenario.ts";
import { pythonTest } from "./_helpers.ts";
import { Helper, simulated as sim } from "./_sim.ts";

/** Slots: the socket under test, its listener, its peer, and two for sockets that calls make. */
const [OWN, SERVER, PEER, OTHER, FOURTH] = [0, 1, 2, 3, 4];

const LISTENER: Step[] = [["socket", SERVER], ["bind", SERVER], ["listen", SERVER, 8]];
const CONNECTED: Step[] = [...LISTENER, ["socket", OWN], ["connect", OWN, SERVER], ["accept", SERVER, PEER]];

/** Waits until the peer's end of the stream has arrived. Otherwise the amount of data would depend on the time. */
const AWAIT_END: Step = ["poll", OWN, 0x2000, 1000];

/** The steps that bring the socket under test into each state. */
const STATES: Record<string, Step[]> = {
  fresh: [...LISTENER, ["socket", OWN]],
  bound: [["socket", OWN], ["bind", OWN]],
  listening: [["socket", OWN], ["bind", OWN], ["listen", OWN, 4]],
  "listening, with a connection queued": [
    ["socket", OWN],
    ["bind", OWN],
    ["listen", OWN, 4],
    ["socket", PEER],
    ["connect", PEER, OWN],
  ],
  "shut down while listening": [["socket", OWN], ["bind", OWN], ["listen", OWN, 4], ["shutdown", OWN, 2]],
  refused: [...LISTENER, ["socket", OWN], ["connect", OWN, FOURTH]],
  "refused, not told yet": [
    ...LISTENER,
    ["socket", OWN],
    ["settimeout", OWN, 0],
    ["connect_ex", OWN, FOURTH],
    ["pause", OWN],
  ],
  "connected, not told yet": [
    ...LISTENER,
    ["socket", OWN],
    ["settimeout", OWN, 0],
    ["connect_ex", OWN, SERVER],
    ["accept", SERVER, PEER],
    ["pause", OWN],
  ],
  connected: CONNECTED,
  "connected, with data": [...CONNECTED, ["sendall", PEER, "data", []]],
  "connected, the peer half-closed": [...CONNECTED, ["sendall", PEER, "data", []], ["shutdown", PEER, 1]],
  "connected, the peer's receiving side shut": [...CONNECTED, ["shutdown", PEER, 0]],
  "connected, the peer shut both": [...CONNECTED, ["shutdown", PEER, 2]],
  "connected, the peer closed": [...CONNECTED, ["close", PEER]],
  "connected, the peer closed, and known": [...CONNECTED, ["close", PEER], AWAIT_END],
  "half-closed": [...CONNECTED, ["sendall", PEER, "data", []], ["shutdown", OWN, 1]],
  "receiving side shut": [...CONNECTED, ["shutdown", OWN, 0]],
  "receiving side shut, with data": [...CONNECTED, ["sendall", PEER, "data", []], ["shutdown", OWN, 0]],
  "both sides shut": [...CONNECTED, ["shutdown", OWN, 2]],
  "both sides half-closed": [...CONNECTED, ["shutdown", OWN, 1], ["shutdown", PEER, 1]],
  "both sides half-closed, and known": [...CONNECTED, ["shutdown", OWN, 1], ["shutdown", PEER, 1], AWAIT_END],
  closed: [...CONNECTED, ["close", OWN]],
  detached: [...CONNECTED, ["detach", OWN]],
  duplicated: [...CONNECTED, ["dup", OWN, OTHER], ["close", OTHER]],
};

/** States that only TCP has. A python3 helper resets the connection. */
const TCP_STATES: Record<string, Step[]> = {
  reset: [...LISTENER, ["socket", OWN], ["foreign", OWN], ["sendall", OWN, "R", []], AWAIT_END],
  "reset behind data": [...LISTENER, ["socket", OWN], ["foreign", OWN], ["sendall", OWN, "D", []], AWAIT_END],
  "reset and told": [
    ...LISTENER,
    ["socket", OWN],
    ["foreign", OWN],
    ["sendall", OWN, "R", []],
    AWAIT_END,
    ["recv", OWN, 1, []],
  ],
};

/** States that only Unix sockets have here: Deno ends a TCP connection before it resets it. */
const UNIX_STATES: Record<string, Step[]> = {
  reset: [...CONNECTED, ["sendall", OWN, "unread", []], ["close", PEER]],
  "reset behind data": [
    ...CONNECTED,
    ["sendall", PEER, "data", []],
    ["sendall", OWN, "unread", []],
    ["close", PEER],
  ],
};

/** The calls, each on the socket under test. */
const CALLS: Step[] = [
  ["bind", OWN],
  ["bind", OWN, SERVER],
  ["listen", OWN, 4],
  ["accept", OWN, FOURTH],
  ["connect", OWN, SERVER],
  ["connect_ex", OWN, SERVER],
  ["connect_ex", OWN, FOURTH],
  ["recv", OWN, 10, []],
  ["recv", OWN, 0, []],
  ["recv", OWN, 2, ["MSG_PEEK"]],
  ["recv", OWN, 10, ["MSG_DONTWAIT"]],
  ["recv", OWN, 10, ["MSG_WAITALL"]],
  ["recv_into", OWN, 3, []],
  ["recvfrom", OWN, 10, []],
  ["recvmsg", OWN, 10, []],
  ["send", OWN, "abc", []],
  ["send", OWN, "", []],
  ["send", OWN, "abc", ["MSG_DONTWAIT"]],
  ["sendall", OWN, "abc", []],
  ["sendall", OWN, "", []],
  ["sendmsg", OWN, ["ab", "c"], []],
  ["sendto", OWN, "abc", SERVER],
  ["shutdown", OWN, 0],
  ["shutdown", OWN, 1],
  ["shutdown", OWN, 2],
  ["shutdown", OWN, 7],
  ["getsockname", OWN],
  ["getpeername", OWN],
  ["getsockopt", OWN, "SO_ERROR"],
  ["getsockopt", OWN, "SO_ACCEPTCONN"],
  ["getsockopt", OWN, "SO_TYPE"],
  ["gettimeout", OWN],
  ["fileno", OWN],
  ["dup", OWN, OTHER],
  ["detach", OWN],
  ["close", OWN],
  ["poll", OWN, 0x2007, 0],
];

/** Steps after the call, which show what the call has done to the socket. */
const AFTER: Step[] = [
  ["poll", OWN, 0x2007, 0],
  ["getsockopt", OWN, "SO_ERROR"],
  ["recv", OWN, 3, []],
  ["send", OWN, "x", []],
  ["recv", OWN, 10, []],
  ["send", OWN, "y", []],
  ["getpeername", OWN],
  ["listen", OWN, 1],
  ["recv", PEER, 10, ["MSG_DONTWAIT"]],
];

const TIMEOUTS = [0, 0.02];

function scenarios(family: FamilyName): Scenario[] {
  const states = { ...STATES, ...(family === "UNIX" ? UNIX_STATES : TCP_STATES) };
  const all: Scenario[] = [];
  for (const [state, steps] of Object.entries(states)) {
    for (const call of CALLS) {
      for (const timeout of TIMEOUTS) {
        const setting: Step[] = [["settimeout", OWN, timeout]];
        all.push({ id: all.length, family, note: state, steps: [...steps, ...setting, call, ...AFTER] });
      }
    }
  }
  return all;
}

function stateTests(name: BackendName, module: Module): void {
  for (const family of ["TCP", "UNIX"] as const) {
    pythonTest(`${name}: ${family}: every call in every state has the same outcome as in python3`, async () => {
      await using oracle = await Oracle.start();
      using helper = name === "sim" ? new Helper() : null;
      const { differences, excused } = await compare(name, module, oracle, scenarios(family), helper?.addresses);
      console.log(`  excused by docs/known-differences.md: ${JSON.stringify(excused)}`);
      assert.equal(differences.length, 0, differences.map(show).join("\n\n"));
    });
  }
}

stateTests("deno", deno);
stateTests("native", native);
stateTests("sim", sim.module);
