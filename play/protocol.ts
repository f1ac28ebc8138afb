// The messages between the page and its Worker. Times are virtual seconds.

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

/** A piece of a program's text that is replaced before it runs. The line numbers do not change. */
export interface Edit {
  from: number;
  to: number;
  /** The new text, or the module that an import names. */
  by: string | { specifier: string };
}

/** A program as the Worker runs it. */
export interface Program {
  /** Its host. Each program has its own. */
  host: string;
  code: string;
  /** Sorted by position. They do not overlap. */
  edits: Edit[];
  /** The names that the program declares itself. They hide helpers of the same name. */
  declared: string[];
  /** Lines typed in advance, one for each `input()`. */
  typed: string[];
}

export interface RunRequest {
  type: "run";
  settings: Settings;
  programs: Program[];
  /** Hosts that drop every packet without an answer. */
  silent: string[];
}

/** The reader's line for a pending `input()`. */
export interface InputAnswer {
  type: "input";
  id: number;
  line: string;
}

/** Ends the run as soon as the Worker receives it. */
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

/** A program's error, and its line from 1 if it is known. */
export interface Failure {
  host: string;
  time: number;
  message: string;
  line?: number;
}

/** A span of virtual time in which a program waited at an `await`. */
export interface Wait {
  host: string;
  line: number;
  from: number;
  /** Infinity if the wait never ended. */
  to: number;
}

export type Fate = "under way" | "delivered" | "lost" | "dropped" | "partitioned";

/** A packet of the trace. */
export interface Packet {
  time: number;
  /** When it arrived. Null if it did not arrive. */
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
  /** For other protocols: the ICMP message, or "fragment". */
  note: string;
}

/** A socket as `ss -an` shows it. */
export interface SocketRow {
  host: string;
  /** The same number during the life of a socket. */
  id: string;
  protocol: "tcp" | "udp";
  state: string;
  /** Received bytes that were not read. For a listener, the connections that wait for accept(). */
  received: number;
  /** Bytes that are not acknowledged. For a listener, its backlog. */
  sent: number;
  local: string;
  peer: string;
}

/** The sockets from a time on. */
export interface Moment {
  time: number;
  sockets: SocketRow[];
}

/**
 * The reason why a run ended: all programs ended, all wait for ever, a limit was reached, the reader stopped it, or an
 * error.
 */
export type Ending = "ended" | "waiting" | "too long" | "too many lines" | "too many packets" | "stopped" | "failed";

export interface End {
  type: "end";
  reason: Ending;
  time: number;
  /** The hosts whose programs have not ended. */
  unfinished: string[];
  message: string;
  /** The hash of the trace. */
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
