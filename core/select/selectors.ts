// Python's selectors: their keys, the read-only map of the keys, their waits, and their base class.

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

/** The data of a registered object, as Python's `selectors.SelectorKey`. */
export interface SelectorKey {
  /** The object as it was registered. */
  readonly fileobj: Waitable;
  /** Its descriptor. */
  readonly fd: number;
  /** EVENT_READ, EVENT_WRITE or both. */
  readonly events: number;
  /** The data that the program attached to it. */
  readonly data: any;
}

/** Returns the descriptor of an object, with the errors of Python's selectors. */
export function fdOf(fileobj: Waitable): number {
  const fd = typeof fileobj === "number" ? fileobj : fileobj?.fileno?.();
  if (typeof fd !== "number" || !Number.isInteger(fd)) {
    throw new RangeError(`Invalid file object: ${describe(fileobj)}`);
  }
  if (fd < 0) throw new RangeError(`Invalid file descriptor: ${fd}`);
  return fd;
}

/** The keys of a selector by descriptor. Look-ups take the registered object too. The map changes with the selector. */
export class SelectorMap implements ReadonlyMap<Waitable, SelectorKey> {
  readonly #keys: Map<number, SelectorKey>;

  /** Made by a selector, over its own keys. */
  constructor(keys: Map<number, SelectorKey>) {
    this.#keys = keys;
  }

  /** How many objects are registered. */
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
  /** The descriptors with their keys. */
  entries(): MapIterator<[number, SelectorKey]> {
    return this.#keys.entries();
  }
  /** Calls a function for each key. */
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

// The waits of selectors: with select, poll or epoll.

/** For selectors: ready to be read. */
export const EVENT_READ = 1;
/** For selectors: ready to be written. */
export const EVENT_WRITE = 2;

/** The waits of a selector. Events are EVENT_READ, EVENT_WRITE, both or none. */
export interface SelectorWaits {
  /** Adds a descriptor; `fileobj` is the object as it was registered. */
  add(fd: number, events: number, fileobj: Waitable): void;
  /** Changes the events of a descriptor. */
  modify(fd: number, events: number): void;
  /** Removes a descriptor, which may be closed already. */
  delete(fd: number): void;
  /** Waits, and returns what is ready. It may report more events than were registered. */
  wait(seconds: number | null, options: WaitOptions | undefined): Promise<Iterable<[fd: number, events: number]>>;
  /** Frees what the waits need. */
  close(): void;
}

/** Waits with select. */
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

/** Converts events to a mask of poll or epoll, which have the same numbers. */
function toPoll(events: number): number {
  return ((events & EVENT_READ) !== 0 ? POLLIN : 0) | ((events & EVENT_WRITE) !== 0 ? POLLOUT : 0);
}

/** Converts masks to events. As in Python, an error or a hang-up is EVENT_READ and EVENT_WRITE. */
function* fromPoll(ready: [number, number][]): Iterable<[number, number]> {
  for (const [fd, events] of ready) {
    yield [fd, ((events & ~POLLIN) !== 0 ? EVENT_WRITE : 0) | ((events & ~POLLOUT) !== 0 ? EVENT_READ : 0)];
  }
}

/** Waits with poll. */
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

/** Waits with epoll. */
export class EpollWaits implements SelectorWaits {
  readonly #epoll: Epoll;
  #size = 0;

  constructor(runtime: Runtime) {
    this.#epoll = openEpoll(runtime);
  }

  /** Returns the descriptor of the epoll. */
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
      // Closing a descriptor has removed it already.
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

// The base class of selectors (Lib/selectors.py).

/** Describes a value for the text of an error, as Python's repr(). */
function describe(fileobj: unknown): string {
  if (typeof fileobj === "string") return `'${fileobj}'`;
  return typeof fileobj === "object" && fileobj !== null
    ? `<${fileobj.constructor?.name ?? "object"}>`
    : String(fileobj);
}

function checkEvents(events: number): void {
  if (events !== EVENT_READ && events !== EVENT_WRITE && events !== (EVENT_READ | EVENT_WRITE)) {
    throw new RangeError(`Invalid events: ${describe(events)}`);
  }
}

/** The base class of all selectors, which has the registered keys. Programs use {@linkcode DefaultSelector}. */
export abstract class BaseSelector implements Disposable {
  readonly #waits: SelectorWaits;
  readonly #keys = new Map<number, SelectorKey>();
  #map: SelectorMap | null = new SelectorMap(this.#keys);

  /** Makes an empty selector. */
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

  /**
   * Removes an object, which may be closed already, and returns its key.
   *
   * @throws {KeyError} if it is not registered.
   */
  unregister(fileobj: Waitable): SelectorKey {
    const key = this.#find(fileobj);
    this.#keys.delete(key.fd);
    this.#waits.delete(key.fd);
    return key;
  }

  /**
   * Changes the events or the attached data of a registered object.
   *
   * @throws {KeyError} if it is not registered.
   */
  modify(fileobj: Waitable, events: number, data: any = null): SelectorKey {
    const key = this.#find(fileobj);
    if (events === key.events) return data === key.data ? key : this.#keep({ ...key, data });
    // With 0 the object stays registered, and only errors end a wait.
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
   * Waits until a registered object is ready.
   *
   * @param timeout in seconds; 0 or negative does not wait; null or left out for no limit
   * @returns [key, events] of each object that is ready
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

  /**
   * Returns the key of a registered object.
   *
   * @throws {KeyError} if it is not registered.
   */
  get_key(fileobj: Waitable): SelectorKey {
    if (this.#map === null) throw new Error("Selector is closed");
    return this.#find(fileobj);
  }

  /** Returns the read-only map of the keys, or null after `close()`. */
  get_map(): SelectorMap | null {
    return this.#map;
  }

  /** Removes all objects and closes the selector. */
  close(): void {
    this.#waits.close();
    this.#keys.clear();
    this.#map = null;
  }

  /** The same as close(), for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Returns the descriptor of an object. It finds a registered object that is closed by now, too. */
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
