// Python's selectors module: one interface over select, poll and epoll (Lib/selectors.py).

import { OSError } from "../../base/errors.ts";
import { POLLIN, POLLOUT } from "../../base/poll.ts";
import type { Waitable } from "./arguments.ts";
import type { WaitOptions } from "../abort.ts";
import { epoll } from "./epoll.ts";
import type { Epoll } from "./epoll.ts";
import { KeyError } from "./errors.ts";
import { Poll } from "./poll.ts";
import { select } from "./select.ts";
import { fdOf, SelectorMap } from "./selector_map.ts";
import type { SelectorKey } from "./selector_map.ts";

/** For selectors: ready to be read. */
export const EVENT_READ = 1;
/** For selectors: ready to be written. */
export const EVENT_WRITE = 2;

/** A word for an object in an error's text. */
function describe(fileobj: unknown): string {
  return typeof fileobj === "object" && fileobj !== null
    ? `<${fileobj.constructor?.name ?? "object"}>`
    : String(fileobj);
}

function checkEvents(events: number): void {
  if (events !== EVENT_READ && events !== EVENT_WRITE && events !== (EVENT_READ | EVENT_WRITE)) {
    throw new RangeError(`Invalid events: ${describe(events)}`);
  }
}

/** What all selectors share: the registered keys. {@linkcode DefaultSelector} is the one to use. */
export abstract class BaseSelector implements Disposable {
  readonly #keys = new Map<number, SelectorKey>();
  #map: SelectorMap | null = new SelectorMap(this.#keys);

  /** Registers an object (or a descriptor) for EVENT_READ, EVENT_WRITE or both, with anything attached to it. */
  register(fileobj: Waitable, events: number, data: any = null): SelectorKey {
    checkEvents(events);
    const fd = this.#lookup(fileobj);
    if (this.#keys.has(fd)) throw new KeyError(fileobj, `${describe(fileobj)} (FD ${fd}) is already registered`);
    this.attach(fd, events);
    return this.#keep({ fileobj, fd, events, data });
  }

  /** Forgets an object, also one that was closed since, and returns its key; KeyError where it is not registered. */
  unregister(fileobj: Waitable): SelectorKey {
    const key = this.#find(fileobj);
    this.#keys.delete(key.fd);
    this.detach(key.fd);
    return key;
  }

  /** Changes the events or the attached data of a registered object. */
  modify(fileobj: Waitable, events: number, data: any = null): SelectorKey {
    const key = this.#find(fileobj);
    if (events === key.events) return data === key.data ? key : this.#keep({ ...key, data });
    // 0: it stays registered, and nothing but errors is waited for.
    if (events !== 0) checkEvents(events);
    try {
      this.change(key.fd, events);
    } catch (error) {
      this.unregister(fileobj);
      throw error;
    }
    return this.#keep({ ...key, events, data });
  }

  /**
   * Waits until something is ready.
   *
   * @param timeout in seconds; 0 or negative does not wait; null or left out waits for ever
   * @returns [key, events] for each that is ready
   */
  async select(timeout?: number | null, options: WaitOptions = {}): Promise<[key: SelectorKey, events: number][]> {
    const seconds = timeout === null || timeout === undefined ? null : timeout <= 0 ? 0 : timeout;
    const ready: [SelectorKey, number][] = [];
    for (const [fd, events] of await this.wait(seconds, options)) {
      const key = this.#keys.get(fd);
      if (key !== undefined) ready.push([key, events & key.events]);
    }
    return ready;
  }

  /** The key of a registered object; KeyError where it is not registered. */
  get_key(fileobj: Waitable): SelectorKey {
    if (this.#map === null) throw new Error("Selector is closed");
    return this.#find(fileobj);
  }

  /** What is registered: a read-only map by descriptor that also finds by object. Null after close. */
  get_map(): SelectorMap | null {
    return this.#map;
  }

  /** Forgets everything. */
  close(): void {
    this.#keys.clear();
    this.#map = null;
  }

  /** The same as close(), for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Adds a descriptor to what is waited on. */
  protected abstract attach(fd: number, events: number): void;
  /** Takes one out; it may be closed already. */
  protected abstract detach(fd: number): void;
  /** Waits, and answers with events in this module's terms, possibly more than were asked for. */
  protected abstract wait(seconds: number | null, options: WaitOptions): Promise<Iterable<[number, number]>>;

  /** Changes what is waited for on one. */
  protected change(fd: number, events: number): void {
    this.detach(fd);
    this.attach(fd, events);
  }

  /** The descriptor of an object; also of one that is closed by now but still registered. */
  #lookup(fileobj: Waitable): number {
    try {
      return fdOf(fileobj);
    } catch (error) {
      for (const key of this.#keys.values()) if (key.fileobj === fileobj) return key.fd;
      throw error;
    }
  }

  #find(fileobj: Waitable): SelectorKey {
    const key = this.#keys.get(this.#lookup(fileobj));
    if (key === undefined) throw new KeyError(fileobj, `${describe(fileobj)} is not registered`);
    return key;
  }

  #keep(key: SelectorKey): SelectorKey {
    this.#keys.set(key.fd, Object.freeze(key));
    return key;
  }
}

/** A selector over {@linkcode select}. */
export class SelectSelector extends BaseSelector {
  readonly #readers = new Set<number>();
  readonly #writers = new Set<number>();

  /** Adds a descriptor. */
  protected attach(fd: number, events: number): void {
    if ((events & EVENT_READ) !== 0) this.#readers.add(fd);
    if ((events & EVENT_WRITE) !== 0) this.#writers.add(fd);
  }

  /** Takes one out. */
  protected detach(fd: number): void {
    this.#readers.delete(fd);
    this.#writers.delete(fd);
  }

  /** Waits. */
  protected async wait(seconds: number | null, options: WaitOptions): Promise<Iterable<[number, number]>> {
    const [readable, writable] = await select(this.#readers, this.#writers, [], seconds, options);
    const ready = new Map<number, number>();
    for (const fd of readable) ready.set(fd, EVENT_READ);
    for (const fd of writable) ready.set(fd, (ready.get(fd) ?? 0) | EVENT_WRITE);
    return ready;
  }
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

/** A selector over {@linkcode poll}. */
export class PollSelector extends BaseSelector {
  readonly #poll = new Poll();

  /** Adds a descriptor. */
  protected attach(fd: number, events: number): void {
    this.#poll.register(fd, toPoll(events));
  }

  /** Changes what is waited for on one. */
  protected override change(fd: number, events: number): void {
    this.#poll.modify(fd, toPoll(events));
  }

  /** Takes one out. */
  protected detach(fd: number): void {
    this.#poll.unregister(fd);
  }

  /** Waits. */
  protected async wait(seconds: number | null, options: WaitOptions): Promise<Iterable<[number, number]>> {
    return fromPoll(await this.#poll.poll(seconds === null ? null : seconds * 1000, options));
  }
}

/** A selector over {@linkcode epoll}: its cost follows what is ready, not what is registered. */
export class EpollSelector extends BaseSelector {
  readonly #epoll: Epoll = epoll();
  #size = 0;

  /** The descriptor of the epoll underneath. */
  fileno(): number {
    return this.#epoll.fileno();
  }

  /** Forgets everything and closes the epoll underneath. */
  override close(): void {
    this.#epoll.close();
    super.close();
  }

  /** Adds a descriptor. */
  protected attach(fd: number, events: number): void {
    this.#epoll.register(fd, toPoll(events));
    this.#size++;
  }

  /** Changes what is waited for on one. */
  protected override change(fd: number, events: number): void {
    this.#epoll.modify(fd, toPoll(events));
  }

  /** Takes one out. */
  protected detach(fd: number): void {
    this.#size--;
    try {
      this.#epoll.unregister(fd);
    } catch (error) {
      // Closed since it was registered: then the epoll has forgotten it by itself.
      if (!(error instanceof OSError)) throw error;
    }
  }

  /** Waits. */
  protected async wait(seconds: number | null, options: WaitOptions): Promise<Iterable<[number, number]>> {
    return fromPoll(await this.#epoll.poll(seconds, Math.max(this.#size, 1), options));
  }
}

/**
 * The selector to use: the most efficient one, an {@linkcode EpollSelector}.
 *
 * @example
 * ```ts
 * import { DefaultSelector, EVENT_READ, socketpair } from "@berkeley/socket";
 *
 * const [left, right] = await socketpair();
 * using selector = new DefaultSelector();
 * selector.register(right, EVENT_READ, "the right one");
 * await left.sendall("hello");
 * for (const [key, events] of await selector.select(5)) {
 *   console.assert(key.fileobj === right && key.data === "the right one" && events === EVENT_READ);
 * }
 * left.close();
 * right.close();
 * ```
 */
export class DefaultSelector extends EpollSelector {}
