// How selectors wait: by select, by poll or by epoll.

import { OSError } from "../../base/errors.ts";
import { POLLIN, POLLOUT } from "../../base/poll.ts";
import type { WaitOptions } from "../abort.ts";
import { checkTable } from "../descriptors.ts";
import type { Runtime } from "../runtime.ts";
import type { Waitable } from "./arguments.ts";
import { openEpoll } from "./epoll.ts";
import type { Epoll } from "./epoll.ts";
import { Poll } from "./poll.ts";
import { select } from "./select.ts";

/** For selectors: ready to be read. */
export const EVENT_READ = 1;
/** For selectors: ready to be written. */
export const EVENT_WRITE = 2;

/** What a selector waits with. Events are EVENT_READ, EVENT_WRITE, both or none. */
export interface SelectorWaits {
  /** Adds a descriptor to what is waited on; `fileobj` is the object that has it, as it was registered. */
  add(fd: number, events: number, fileobj: Waitable): void;
  /** Changes what is waited for on one. */
  modify(fd: number, events: number): void;
  /** Takes one out; it may be closed already. */
  delete(fd: number): void;
  /** Waits, and answers with what is ready: possibly more events than were asked for. */
  wait(seconds: number | null, options: WaitOptions | undefined): Promise<Iterable<[fd: number, events: number]>>;
  /** Waits no more. */
  close(): void;
}

/** By select. */
export class SelectWaits implements SelectorWaits {
  readonly #runtime: Runtime;
  readonly #readers = new Set<number>();
  readonly #writers = new Set<number>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  add(fd: number, events: number, fileobj: Waitable): void {
    if (typeof fileobj === "object") checkTable(fileobj, this.#runtime.descriptors);
    this.modify(fd, events);
  }

  modify(fd: number, events: number): void {
    this.delete(fd);
    if ((events & EVENT_READ) !== 0) this.#readers.add(fd);
    if ((events & EVENT_WRITE) !== 0) this.#writers.add(fd);
  }

  delete(fd: number): void {
    this.#readers.delete(fd);
    this.#writers.delete(fd);
  }

  async wait(seconds: number | null, options: WaitOptions | undefined): Promise<Iterable<[number, number]>> {
    const [readable, writable] = await select(this.#runtime, this.#readers, this.#writers, [], seconds, options);
    const ready = new Map<number, number>();
    for (const fd of readable) ready.set(fd, EVENT_READ);
    for (const fd of writable) ready.set(fd, (ready.get(fd) ?? 0) | EVENT_WRITE);
    return ready;
  }

  close(): void {}
}

/** poll's and epoll's numbers are the same. */
function toPoll(events: number): number {
  return ((events & EVENT_READ) !== 0 ? POLLIN : 0) | ((events & EVENT_WRITE) !== 0 ? POLLOUT : 0);
}

/** As in Python: an error or a hang-up is news for readers and writers. */
function* fromPoll(ready: [number, number][]): Iterable<[number, number]> {
  for (const [fd, events] of ready) {
    yield [fd, ((events & ~POLLIN) !== 0 ? EVENT_WRITE : 0) | ((events & ~POLLOUT) !== 0 ? EVENT_READ : 0)];
  }
}

/** By poll. */
export class PollWaits implements SelectorWaits {
  readonly #poll: Poll;

  constructor(runtime: Runtime) {
    this.#poll = new Poll(runtime);
  }

  add(_fd: number, events: number, fileobj: Waitable): void {
    this.#poll.register(fileobj, toPoll(events));
  }

  modify(fd: number, events: number): void {
    this.#poll.modify(fd, toPoll(events));
  }

  delete(fd: number): void {
    this.#poll.unregister(fd);
  }

  async wait(seconds: number | null, options: WaitOptions | undefined): Promise<Iterable<[number, number]>> {
    return fromPoll(await this.#poll.poll(seconds === null ? null : seconds * 1000, options));
  }

  close(): void {}
}

/** By epoll: its cost follows what is ready, not what is registered. */
export class EpollWaits implements SelectorWaits {
  readonly #epoll: Epoll;
  #size = 0;

  constructor(runtime: Runtime) {
    this.#epoll = openEpoll(runtime);
  }

  /** The descriptor of the epoll. */
  fileno(): number {
    return this.#epoll.fileno();
  }

  add(_fd: number, events: number, fileobj: Waitable): void {
    this.#epoll.register(fileobj, toPoll(events));
    this.#size++;
  }

  modify(fd: number, events: number): void {
    this.#epoll.modify(fd, toPoll(events));
  }

  delete(fd: number): void {
    this.#size--;
    try {
      this.#epoll.unregister(fd);
    } catch (error) {
      // Closed since it was registered: then the epoll has forgotten it by itself.
      if (!(error instanceof OSError)) throw error;
    }
  }

  async wait(seconds: number | null, options: WaitOptions | undefined): Promise<Iterable<[number, number]>> {
    return fromPoll(await this.#epoll.poll(seconds, Math.max(this.#size, 1), options));
  }

  close(): void {
    this.#epoll.close();
  }
}
