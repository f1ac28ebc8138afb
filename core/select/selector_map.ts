// What a selector has registered: its keys, and the read-only map of them.

import type { Waitable } from "./arguments.ts";

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
