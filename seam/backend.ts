// The seam's backend: a way to open sockets. Deno's net API, libc, a simulated host, or a fourth.

import type { Address } from "../base/addresses.ts";
import type { Loop } from "./loop.ts";
import type { Resolver } from "./resolver.ts";
import type { Pollable, Replaceable, Transport } from "./transport.ts";

/** What stands behind a descriptor that no module of this package opened: a pipe, a terminal. */
export interface ForeignPollable extends Pollable, Replaceable {
  /** The number. */
  fileno(): number;
  /** Closes the descriptor. */
  close(): void;
}

/** A way to open sockets. `core/module.ts` makes the public functions of one. */
export interface Backend {
  /** Names of hosts and interfaces; left out where the backend has whole functions for them. */
  readonly resolver?: Resolver;
  /** The loop that learns about readiness, where it has to be told when to run. */
  readonly loop?: Loop;
  /** Finds what the process has open under a number, for select, poll and epoll. Undefined: nothing that it knows. */
  findForeign?(fd: number): ForeignPollable | undefined;

  /** Opens a socket, or throws what the kernel answers for a family, type or protocol that it does not have. */
  open(family: number, type: number, proto: number): Transport;
  /** Takes over a descriptor that the descriptor table does not have. -1 for family, type or proto: find out. */
  adopt(fd: number, family: number, type: number, proto: number): Transport;
  /** The same on a duplicate: the descriptor stays its owner's. */
  adoptDuplicate(fd: number, family: number, type: number, proto: number): Transport;
  /** Whether a program that this process executes inherits a descriptor. Left out where descriptors are not the process's. */
  getInheritable?(fd: number): boolean;
  /** Sets whether it does. */
  setInheritable?(fd: number, inheritable: boolean): void;
  /** Opens two connected sockets. */
  pair(family: number, type: number, proto: number): Promise<[Transport, Transport]>;
  /** The addresses at which a host and port may be reached over a stream, in the order to try (create_connection). */
  endpoints(host: string, port: number): Promise<[family: number, address: Address][]>;
}
