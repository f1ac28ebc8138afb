// Python's selectors module: one interface over select, poll and epoll (Lib/selectors.py).

import type { WaitOptions } from "../abort.ts";
import { apart } from "../arguments.ts";
import type { Waitable } from "./arguments.ts";
import { KeyError } from "./errors.ts";
import { fdOf, SelectorMap } from "./selector_map.ts";
import type { SelectorKey } from "./selector_map.ts";
import { EVENT_READ, EVENT_WRITE } from "./selector_waits.ts";
import type { SelectorWaits } from "./selector_waits.ts";

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
