// Foreign descriptors (pipes, terminals, eventfds …), for select, poll and epoll to wait on.
//
// Their owner may close them at any time, and the kernel may then give the number to another file. So no state is kept:
// a descriptor is watched from its first waiter to its last, and its events are always read from the kernel.

import type { ForeignPollable } from "../seam/backend.ts";
import type { Waiter } from "../seam/transport.ts";
import { isOpen, level } from "./call.ts";
import { reactor } from "./reactor.ts";
import { Source } from "./source.ts";

/** The descriptors that have waiters. epoll registers a number once, so all waiters of a number share a source. */
const watched = new Map<number, Source>();

/** A foreign descriptor. */
class ForeignDescriptor implements ForeignPollable {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  events(): number {
    return level(this.#fd);
  }

  watch(mask: number, waiter: Waiter): void {
    const source = watched.get(this.#fd) ?? new Source(this.#fd, false);
    source.watch(mask, waiter);
    watched.set(this.#fd, source);
  }

  unwatch(waiter: Waiter): void {
    const source = watched.get(this.#fd);
    source?.unwatch(waiter);
    if (source?.waiting !== 0) return;
    watched.delete(this.#fd);
    source.unregister();
  }

  settle(): undefined {
    return undefined;
  }

  fileno(): number {
    return this.#fd;
  }

  isReplaced(): boolean {
    const source = watched.get(this.#fd);
    return source !== undefined && source.registered && !reactor.isKnownToKernel(source);
  }

  abandon(): void {
    const source = watched.get(this.#fd);
    watched.delete(this.#fd);
    source?.abandon();
  }

  close(): void {
    const source = watched.get(this.#fd) ?? new Source(this.#fd, false);
    watched.delete(this.#fd);
    source.close();
  }
}

/** Finds a descriptor that is open in this process. */
export function findForeign(fd: number): ForeignPollable | undefined {
  return isOpen(fd) ? new ForeignDescriptor(fd) : undefined;
}
