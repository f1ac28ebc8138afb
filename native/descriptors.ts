// Descriptors that this module did not open (pipes, terminals, eventfds …), for select, poll and epoll to wait on.
//
// Whoever owns them may close them at any time and the kernel give their numbers away. So nothing about them is
// remembered: each is watched from the first waiter to the last, and always asked of the kernel.

import type { Openable } from "../core/descriptors.ts";
import { Descriptor, onUnknown } from "../core/descriptors.ts";
import type { Waiter } from "../transport.ts";
import { isOpen, level } from "./poll.ts";
import { Source } from "./source.ts";

/** A descriptor of somebody else's. */
class ForeignDescriptor implements Openable {
  readonly #source: Source;

  constructor(fd: number) {
    this.#source = new Source(fd, false);
  }

  events(): number {
    return level(this.#source.fd);
  }

  watch(mask: number, waiter: Waiter): void {
    watched.set(this.#source.fd, this);
    this.#source.watch(mask, waiter);
  }

  unwatch(waiter: Waiter): void {
    this.#source.unwatch(waiter);
    if (this.#source.waiting > 0) return;
    this.#source.leave();
    watched.delete(this.#source.fd);
  }

  settle(): undefined {}

  fileno(): number {
    return this.#source.fd;
  }

  close(): void {
    watched.delete(this.#source.fd);
    this.#source.close();
  }
}

/** Those that somebody waits for: epoll takes a number once, so all who wait share it. */
const watched = new Map<number, ForeignDescriptor>();

/** Lets the descriptor table find the process's own descriptors. */
export function serveForeignDescriptors(): void {
  onUnknown((fd) => isOpen(fd) ? new Descriptor(fd, watched.get(fd) ?? new ForeignDescriptor(fd)) : undefined);
}
