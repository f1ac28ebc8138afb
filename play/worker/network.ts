// What the Worker needs of a simulator. simulator.ts supplies it; nothing else in play/ knows the simulator.

import type { Ending, Packet, Settings, SocketRow } from "../protocol.ts";

/** The functions and constants of a host's socket module, by name. */
export type SocketModule = Record<string, unknown>;

export interface Network {
  /** Virtual seconds. */
  readonly time: number;
  /** Adds a host; its name resolves on every other. */
  host(name: string): SocketModule;
  /** Drops every packet to and from a host, without an answer. */
  cut(name: string): void;
  sleep(seconds: number): Promise<void>;
  /** Waits for something outside the simulation; virtual time stands still meanwhile. */
  outside<T>(promise: Promise<T>): Promise<T>;
  /** How many packets were sent. */
  readonly count: number;
  /** One of them as it is now: its fate may still change. */
  packet(index: number): Packet;
  sockets(): SocketRow[];
}

/** What a simulation came to. */
export interface Outcome {
  reason: Ending;
  message: string;
  time: number;
  fingerprint: string;
  pcapng: Uint8Array;
}

/**
 * Runs `main` over a network in virtual time. `settled` is called after everything that happens on the network,
 * and whenever the programs have come to rest.
 */
export type Simulate = (
  settings: Settings,
  main: (network: Network) => Promise<void>,
  settled: (network: Network) => void,
) => Promise<Outcome>;
