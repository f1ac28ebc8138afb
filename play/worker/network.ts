// The simulator as the Worker uses it. simulator.ts implements it. No other file in play/ uses the simulator.

import type { Ending, Packet, Settings, SocketRow } from "../protocol.ts";

/** The functions and constants of a host's socket module, by name. */
export type SocketModule = Record<string, unknown>;

export interface Network {
  /** Virtual seconds. */
  readonly time: number;
  /** Adds a host. All hosts can look up its name. */
  host(name: string): SocketModule;
  /** Drops every packet to and from a host, without an answer. */
  cut(name: string): void;
  sleep(seconds: number): Promise<void>;
  /** Waits for something outside of the simulation. Virtual time stands still until then. */
  outside<T>(promise: Promise<T>): Promise<T>;
  /** How many packets were sent. */
  readonly count: number;
  /** A packet of the trace. Its fate may still change. */
  packet(index: number): Packet;
  sockets(): SocketRow[];
}

/** The result of a simulation. */
export interface Outcome {
  reason: Ending;
  message: string;
  time: number;
  fingerprint: string;
  pcapng: Uint8Array;
}

/**
 * Runs `main` on a network in virtual time. `settled` is called after each event of the network, and whenever all
 * programs wait.
 */
export type Simulate = (
  settings: Settings,
  main: (network: Network) => Promise<void>,
  settled: (network: Network) => void,
) => Promise<Outcome>;
