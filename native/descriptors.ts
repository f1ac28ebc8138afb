// Descriptors that this module did not open (pipes, terminals, eventfds …), for select, poll and epoll to wait on.
//
// Whoever owns them may close them at any time and the kernel give their numbers away. So nothing of their state is
// remembered: each is watched from the first waiter to the last, and always asked of the kernel.

import type { Openable } from "../core/descriptors.ts";
import { Descriptor, onUnknown } from "../core/descriptors.ts";
import type { Waiter } from "../seam/transport.ts";
import { isOpen, level } from "./poll.ts";
import { reactor } from "./reactor.ts";
import { Source } from "./source.ts";

/** Those that somebody waits for. epoll takes a number once, so all who wait for it share a source. */
const watched = new Map<number, Source>();
/** Those that somebody remembers: an epoll knows by the object that a number is registered, and not closed since. */
const remembered = new Map<number, WeakRef<Descriptor>>();

/** A descriptor of somebody else's. */
class ForeignDescriptor implements Openable {
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

/** Lets the descriptor table find the process's own descriptors. */
export function serveForeignDescriptors(): void {
  onUnknown((fd) => {
    if (!isOpen(fd)) return undefined;
    const known = remembered.get(fd)?.deref();
    if (known !== undefined && !known.closed && !known.makeWay()) return known;
    const descriptor = new Descriptor(fd, new ForeignDescriptor(fd));
    remembered.set(fd, new WeakRef(descriptor));
    return descriptor;
  });
}
