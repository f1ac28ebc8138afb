// The seam's backend: a way to open transports. There are three: over Deno's net API, over libc, and a simulated host.

import type { Address } from "../base/addresses.ts";
import type { Loop } from "./loop.ts";
import type { Resolver } from "./resolver.ts";
import type { Pollable, Replaceable, Transport } from "./transport.ts";

/** A descriptor that no module of this package opened, such as a pipe or a terminal. */
export interface ForeignPollable extends Pollable, Replaceable {
  /** The number. */
  fileno(): number;
  /** Closes the descriptor. */
  close(): void;
}

/** A way to open transports. `core/module.ts` makes the public functions from it. */
export interface Backend {
  /** Look-ups of names and interfaces. A backend that has look-up functions of its own leaves it out. */
  readonly resolver?: Resolver;
  /** The loop that learns about readiness. A backend that needs none leaves it out. */
  readonly loop?: Loop;
  /**
   * Finds a descriptor that the process has under a number, for select, poll and epoll. Returns undefined if the backend
   * knows none.
   */
  findForeign?(fd: number): ForeignPollable | undefined;

  /** Opens a socket. Throws the kernel's error for a family, type or protocol that the backend does not have. */
  open(family: number, type: number, proto: number): Transport;
  /** Takes over a descriptor that is not in the descriptor table. For family, type and proto, -1 means: ask the kernel. */
  adopt(fd: number, family: number, type: number, proto: number): Transport;
  /** Takes over a duplicate of a descriptor. The original stays with its owner. */
  adoptDuplicate(fd: number, family: number, type: number, proto: number): Transport;
  /** Whether a program that this process executes inherits a descriptor. Left out if the process has no such descriptors. */
  getInheritable?(fd: number): boolean;
  /** Sets whether a program that this process executes inherits a descriptor. */
  setInheritable?(fd: number, inheritable: boolean): void;
  /** Opens two connected sockets. */
  pair(family: number, type: number, proto: number): Promise<[Transport, Transport]>;
  /**
   * The addresses at which a host and port may be reached over a stream, in the order to try (create_connection). The
   * look-up may end, and reject, when the signal is aborted.
   */
  endpoints(host: string, port: number, signal?: AbortSignal): Promise<[family: number, address: Address][]>;
}
