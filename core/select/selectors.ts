// Python's selectors: their keys and the read-only map of them, how they wait, and their one interface.

import { KeyError, Poll, select } from "./select.ts";
import type { Waitable } from "./select.ts";
import { OSError } from "../../base/errors.ts";
import { POLLIN, POLLOUT } from "../../base/poll.ts";
import { apart } from "../arguments.ts";
import { checkTable } from "../descriptors.ts";
import type { WaitOptions } from "../promises.ts";
import type { Runtime } from "../runtime.ts";
import { openEpoll } from "./epoll.ts";
import type { Epoll } from "./epoll.ts";

/** What a selector knows of a registered object. */
export interface SelectorKey {
  /** The object as it was registered. */
  readonly fileobj: Waitable;
  /** Its descriptor. */
  readonly fd: number;
  /** EVENT_READ, EVENT_WRITE or both. */
  readonly events: number;
  /** What was attached to it. */
  readonly data: any;
}

/** The descriptor of an object, as Python's selectors find it. */
export function fdOf(fileobj: Waitable): number {
  const fd = typeof fileobj === "number" ? fileobj : fileobj?.fileno?.();
  if (typeof fd !== "number" || !Number.isInteger(fd)) throw new RangeError(`Invalid file object: ${String(fileobj)}`);
  if (fd < 0) throw new RangeError(`Invalid file descriptor: ${fd}`);
  return fd;
}

/** A selector's keys by descriptor; look-ups also take the registered object. It follows the selector's changes. */
export class SelectorMap implements ReadonlyMap<Waitable, SelectorKey> {
  readonly #keys: Map<number, SelectorKey>;

  /** Made by a selector, over its own keys. */
  constructor(keys: Map<number, SelectorKey>) {
    this.#keys = keys;
  }

  /** How many are registered. */
  get size(): number {
    return this.#keys.size;
  }
  /** The key of an object or descriptor, or undefined. */
  get(fileobj: Waitable): SelectorKey | undefined {
    if (typeof fileobj === "number") return this.#keys.get(fileobj);
    const open = this.#keys.get(openFd(fileobj));
    if (open !== undefined) return open;
    for (const key of this.#keys.values()) if (key.fileobj === fileobj) return key;
    return undefined;
  }
  /** Whether an object or descriptor is registered. */
  has(fileobj: Waitable): boolean {
    return this.get(fileobj) !== undefined;
  }
  /** The descriptors. */
  keys(): MapIterator<number> {
    return this.#keys.keys();
  }
  /** The keys. */
  values(): MapIterator<SelectorKey> {
    return this.#keys.values();
  }
  /** Both. */
  entries(): MapIterator<[number, SelectorKey]> {
    return this.#keys.entries();
  }
  /** Calls back for each. */
  forEach(callback: (key: SelectorKey, fd: Waitable, map: ReadonlyMap<Waitable, SelectorKey>) => void): void {
    for (const [fd, key] of this.#keys) callback(key, fd, this);
  }
  /** The same as entries(). */
  [Symbol.iterator](): MapIterator<[number, SelectorKey]> {
    return this.#keys.entries();
  }
}

function openFd(fileobj: { fileno(): number }): number {
  try {
    return fdOf(fileobj);
  } catch {
    return -1;
  }
}

// How selectors wait: by select, by poll or by epoll.

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

// Python's selectors module: one interface over select, poll and epoll (Lib/selectors.py).

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
  readonly #waits: SelectorWaits;
  readonly #keys = new Map<number, SelectorKey>();
  #map: SelectorMap | null = new SelectorMap(this.#keys);

  /** An empty selector, with a way to wait. */
  constructor(waits: SelectorWaits) {
    this.#waits = waits;
  }

  /** Registers an object (or a descriptor) for EVENT_READ, EVENT_WRITE or both, with anything attached to it. */
  register(fileobj: Waitable, events: number, data: any = null): SelectorKey {
    checkEvents(events);
    const fd = this.#lookup(fileobj);
    if (this.#keys.has(fd)) throw new KeyError(fileobj, `${describe(fileobj)} (FD ${fd}) is already registered`);
    this.#waits.add(fd, events, fileobj);
    return this.#keep({ fileobj, fd, events, data });
  }

  /** Forgets an object, also one that was closed since, and returns its key; KeyError where it is not registered. */
  unregister(fileobj: Waitable): SelectorKey {
    const key = this.#find(fileobj);
    this.#keys.delete(key.fd);
    this.#waits.delete(key.fd);
    return key;
  }

  /** Changes the events or the attached data of a registered object. */
  modify(fileobj: Waitable, events: number, data: any = null): SelectorKey {
    const key = this.#find(fileobj);
    if (events === key.events) return data === key.data ? key : this.#keep({ ...key, data });
    // 0: it stays registered, and nothing but errors is waited for.
    if (events !== 0) checkEvents(events);
    try {
      this.#waits.modify(key.fd, events);
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
  async select(
    timeout?: number | null | WaitOptions,
    options?: WaitOptions,
  ): Promise<[key: SelectorKey, events: number][]> {
    const [limit, checked] = apart(timeout, options);
    const seconds = limit === null || limit === undefined ? null : limit <= 0 ? 0 : limit;
    const ready: [SelectorKey, number][] = [];
    for (const [fd, events] of await this.#waits.wait(seconds, checked)) {
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
    this.#waits.close();
    this.#keys.clear();
    this.#map = null;
  }

  /** The same as close(), for `using`. */
  [Symbol.dispose](): void {
    this.close();
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
