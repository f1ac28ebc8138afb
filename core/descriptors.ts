// The descriptor table: from numbers to open sockets, as the kernel keeps one for each process.
//
// `select` needs to know no backend, because it looks up a socket, a number or anything with `fileno()` here. Deno does not
// reveal descriptors. So the sockets of the default backend get numbers of the table's own, above all real descriptors. A
// backend with real descriptors enters each under its own number.

import { errorFor } from "../base/errors.ts";
import { POLLNVAL } from "../base/poll.ts";
import type { ForeignPollable } from "../seam/backend.ts";
import type { Pollable, Replaceable, Waiter } from "../seam/transport.ts";

/** Something open that can have a descriptor. */
export interface Openable extends Pollable, Replaceable {
  /** The descriptor of the process, or undefined if the table must give a number. */
  fileno(): number | undefined;
  /** Gives up one reference. */
  close(): void;
}

/** Finds what the process has open under a number that no module of this package opened. */
export type FindForeign = (fd: number) => ForeignPollable | undefined;

/** One entry of the table. After it was closed, its events are POLLNVAL. */
export class Descriptor<T extends Openable = Openable> implements Pollable {
  /** The number, as fileno() returns it. */
  readonly fd: number;
  /** The open object behind the number. */
  readonly open: T;
  readonly #table: DescriptorTable;
  /** Set when the number is closed, through any object or by its number. A field and no getter, because every call reads it. */
  closed = false;

  /** Only a table makes entries. */
  constructor(table: DescriptorTable, fd: number, open: T) {
    this.fd = fd;
    this.open = open;
    this.#table = table;
  }

  /** The table that gave the number; undefined for a descriptor of the process. */
  get numberedBy(): DescriptorTable | undefined {
    return this.open.fileno() === undefined ? this.#table : undefined;
  }

  /** Frees the number and closes the object behind it. A second close does nothing. */
  close(): void {
    if (this.closed) return;
    this.#leave();
    this.open.close();
    this.#table.afterClose();
  }

  /** Leaves the table if the process has opened something else under the number. Returns whether it did. */
  leaveIfReplaced(): boolean {
    if (this.open.isReplaced?.() !== true) return false;
    this.#leave();
    this.open.abandon?.();
    return true;
  }

  /** Leaves the table. The object behind the number stays open. */
  release(): void {
    this.#leave();
  }

  #leave(): void {
    this.closed = true;
    this.#table.remove(this);
  }

  get released(): Promise<unknown> | undefined {
    return this.closed ? this.open.released : undefined;
  }
  events(mask: number): number {
    return this.closed ? POLLNVAL : this.open.events(mask);
  }
  watch(mask: number, waiter: Waiter): void {
    this.open.watch(mask, waiter);
  }
  unwatch(waiter: Waiter): void {
    this.open.unwatch(waiter);
  }
  atRest(): Promise<void> | undefined {
    return this.open.atRest?.();
  }
  settle(mask: number): Promise<void> | undefined {
    return this.closed ? undefined : this.open.settle(mask);
  }
}

/** The open descriptors of one runtime. */
export class DescriptorTable {
  readonly #open = new Map<number, Descriptor>();
  readonly #numbers: Numbers;
  /** One for each backend that has descriptors of the process. */
  readonly #finders = new Set<FindForeign>();
  /**
   * Foreign descriptors that were found. An entry is kept while something refers to it. So an epoll can tell by the object
   * that a registered number has not been closed since.
   */
  readonly #foreign = new Map<number, WeakRef<Descriptor>>();
  readonly #onEmpty: () => void;

  /** `onEmpty` is called after the last descriptor was closed. */
  constructor(numbers: Numbers, onEmpty: () => void) {
    this.#numbers = numbers;
    this.#onEmpty = onEmpty;
  }

  /** Adds a function that finds foreign descriptors. */
  addFinder(find: FindForeign): void {
    this.#finders.add(find);
  }

  /** Whether nothing is open. */
  get empty(): boolean {
    return this.#open.size === 0;
  }

  /** Enters an open object under its own number, or under a new one. */
  enter<T extends Openable>(open: T): Descriptor<T> {
    const descriptor = new Descriptor(this, open.fileno() ?? this.#numbers(), open);
    this.#open.set(descriptor.fd, descriptor);
    return descriptor;
  }

  /** Puts another object behind the number of a descriptor. The old entry is closed, and the object behind it is not. */
  exchange<T extends Openable>(old: Descriptor, open: T): Descriptor<T> {
    old.release();
    const descriptor = new Descriptor(this, old.fd, open);
    this.#open.set(descriptor.fd, descriptor);
    return descriptor;
  }

  /** Looks up a number; undefined if nothing is open under it. */
  find(fd: number): Descriptor | undefined {
    const known = this.#open.get(fd);
    return known !== undefined && !known.leaveIfReplaced() ? known : this.#findForeign(fd);
  }

  #findForeign(fd: number): Descriptor | undefined {
    for (const find of this.#finders) {
      const open = find(fd);
      if (open === undefined) continue;
      const known = this.#foreign.get(fd)?.deref();
      if (known !== undefined && !known.closed && !known.leaveIfReplaced()) return known;
      const descriptor = new Descriptor(this, fd, open);
      this.#foreign.set(fd, new WeakRef(descriptor));
      return descriptor;
    }
    return undefined;
  }

  /** Looks up a number, or throws EBADF. */
  get(fd: number): Descriptor {
    const descriptor = this.find(fd);
    if (descriptor === undefined) throw errorFor("EBADF");
    return descriptor;
  }

  /** Takes a descriptor out of the table. */
  remove(descriptor: Descriptor): void {
    if (this.#open.get(descriptor.fd) === descriptor) this.#open.delete(descriptor.fd);
  }

  /** Called after a descriptor and the object behind it were closed. */
  afterClose(): void {
    if (this.empty) this.#onEmpty();
  }
}

/**
 * The property of a socket, an epoll or a reader that holds the table of its number. All copies of this package in a process
 * use the same key, because simulated hosts have the same numbers, those of another copy too.
 */
const NUMBERED_BY = Symbol.for("@berkeley/socket: numbered by");

/** Defines that property for a class. */
export function tellTable<T extends object>(prototype: T, tableOf: (item: T) => DescriptorTable | undefined): void {
  Object.defineProperty(prototype, NUMBERED_BY, {
    get(this: T) {
      return tableOf(this);
    },
  });
}

/** Refuses an object whose number belongs to another table. In this table the same number may be another socket. */
export function checkTable(item: object, table: DescriptorTable, syscall?: string): void {
  const numberedBy = (item as { [NUMBERED_BY]?: unknown })[NUMBERED_BY];
  if (numberedBy === undefined || numberedBy === table) return;
  const hint =
    "it belongs to another runtime: to a simulated host, to another clock, or to another copy of this package; " +
    "wait for it with the select, poll or epoll of its own module";
  throw errorFor("EBADF", { syscall, hint });
}

// Closing objects that were garbage-collected while open.

/**
 * Closes a descriptor in a finalizer. It ignores errors: there is no call to reject, and an error that is thrown in a
 * finalizer would end the process.
 */
export function closeForgotten(descriptor: Descriptor | undefined): void {
  try {
    descriptor?.close();
  } catch {
    // The entry has left the table before anything can fail, so the number is free.
  }
}

// The numbers of sockets that have no descriptor of the process.

/** Returns the next number. It never returns a number twice. */
export type Numbers = () => number;

/** The first number for the real backends: above the hard limit of descriptors on common systems. */
const FIRST_OF_PROCESS = 2 ** 20;
/** The first number of each simulation, far above those of the real backends. */
const FIRST_OF_SIMULATION = 2 ** 30;

/** The key of the counter of the process. All copies of this package use the same counter. */
const COUNTER = Symbol.for("@berkeley/socket: next descriptor number");

/**
 * The numbers of the process. Two copies of this package in one process (two versions, for example) share them. So a number
 * never means two sockets, and the other copy refuses it with EBADF.
 */
export const processNumbers: Numbers = () => {
  const shared = globalThis as { [COUNTER]?: number };
  const next = shared[COUNTER] ?? FIRST_OF_PROCESS;
  shared[COUNTER] = next + 1;
  return next;
};

/** Returns numbers that start again in each simulation, so that a program gets the same numbers in every run. */
export function simulationNumbers(): Numbers {
  let next = FIRST_OF_SIMULATION;
  return () => next++;
}
