// Descriptors that this module did not open (pipes, terminals, eventfds …), for select, poll and epoll to wait on.
//
// Whoever owns them may close them at any time and the kernel give their numbers away. So nothing of their state is
// remembered: each is watched from the first waiter to the last, and always asked of the kernel.

import type { ForeignPollable } from "../seam/backend.ts";
import type { Waiter } from "../seam/transport.ts";
import { isOpen, level } from "./call.ts";
import { reactor } from "./reactor.ts";
import { Source } from "./source.ts";

/** Those that somebody waits for. epoll takes a number once, so all who wait for it share a source. */
const watched = new Map<number, Source>();

/** A descriptor of somebody else's. */
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
    source.leave();
  }

  settle(): undefined {
    return undefined;
  }

  fileno(): number {
    return this.#fd;
  }

  isReplaced(): boolean {
    const source = watched.get(this.#fd);
    return source !== undefined && source.registered && !reactor.remembers(source);
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

/** What the process has open under a number, whoever opened it. */
export function findForeign(fd: number): ForeignPollable | undefined {
  return isOpen(fd) ? new ForeignDescriptor(fd) : undefined;
}
