// What the page and its Worker tell each other. Times are virtual seconds.

/** How the links between the hosts treat packets. */
export interface Settings {
  /** One way, in seconds. */
  latency: number;
  /** The probability that a packet is lost, 0 to 1. */
  loss: number;
  /** Bytes per second; 0 is unlimited. */
  bandwidth: number;
  seed: number;
}

/** A piece of a program's text that is replaced before it runs; lines stay where they are. */
export interface Edit {
  from: number;
  to: number;
  /** New text, or the module that an import names. */
  by: string | { specifier: string };
}

/** A program as the Worker runs it. */
export interface Program {
  /** The host that it runs on; each program has its own. */
  host: string;
  code: string;
  /** In order of place; they do not overlap. */
  edits: Edit[];
  /** The names that the program declares itself: they hide the page's helpers of the same name. */
  declared: string[];
  /** What is typed in advance, a line for each `input()`. */
  typed: string[];
}

export interface RunRequest {
  type: "run";
  settings: Settings;
  programs: Program[];
  /** Hosts that drop every packet without an answer. */
  silent: string[];
}

/** The reader's line for an `input()` that waits. */
export interface InputAnswer {
  type: "input";
  id: number;
  line: string;
}

/** Ends the run at the next moment at which the Worker listens. */
export interface StopRequest {
  type: "stop";
}

export type ToWorker = RunRequest | InputAnswer | StopRequest;

/** A line of a program's output. */
export interface Output {
  host: string;
  time: number;
  kind: "log" | "error" | "typed";
  text: string;
}

/** A program's error, with its line where that is known (from 1). */
export interface Failure {
  host: string;
  time: number;
  message: string;
  line?: number;
}

/** A stretch of virtual time in which a program waited at an `await`. */
export interface Wait {
  host: string;
  line: number;
  from: number;
  /** Infinity where the wait never ended. */
  to: number;
}

export type Fate = "under way" | "delivered" | "lost" | "dropped" | "partitioned";

/** A packet of the trace. */
export interface Packet {
  time: number;
  /** When it arrived; null where it did not. */
  arrival: number | null;
  from: string;
  to: string;
  source: string;
  destination: string;
  protocol: string;
  flags: string[];
  seq: number;
  ack: number;
  window: number;
  data: Uint8Array;
  fate: Fate;
  retransmission: boolean;
  /** Of other protocols: what an ICMP message says, or "fragment". */
  note: string;
}

/** A socket as `ss -an` shows it. */
export interface SocketRow {
  host: string;
  /** The same through the life of one socket. */
  id: string;
  protocol: "tcp" | "udp";
  state: string;
  /** Bytes that wait to be received; of a listener, connections that wait for accept(). */
  received: number;
  /** Bytes that are not acknowledged; of a listener, its backlog. */
  sent: number;
  local: string;
  peer: string;
}

/** The sockets from this time on. */
export interface Moment {
  time: number;
  sockets: SocketRow[];
}

/** Why a run ended: all programs did, all of them wait for good, it grew too long, the reader stopped it, it broke. */
export type Ending = "ended" | "waiting" | "too long" | "too many lines" | "too many packets" | "stopped" | "failed";

export interface End {
  type: "end";
  reason: Ending;
  time: number;
  /** The hosts whose programs have not ended. */
  unfinished: string[];
  message: string;
  /** What identifies the trace. */
  fingerprint: string;
  /** The trace for Wireshark. */
  pcapng: Uint8Array;
}

export type FromWorker =
  | { type: "output"; output: Output }
  | { type: "failure"; failure: Failure }
  | { type: "packets"; packets: Packet[] }
  | { type: "fates"; fates: { index: number; fate: Fate; arrival: number | null }[] }
  | { type: "moments"; moments: Moment[] }
  | { type: "waits"; waits: Wait[] }
  | { type: "ask"; host: string; id: number; time: number; prompt: string }
  | { type: "alive" }
  | End;
