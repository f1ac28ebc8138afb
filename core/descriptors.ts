// The descriptor table: number to open socket, as the kernel keeps one for each process.
//
// It is what lets `select` know no backend: a socket, a number or anything with `fileno()` is looked up here. Sockets
// without a descriptor of the process (the default backend's: Deno does not reveal descriptors) get numbers of the
// table's own, where no real descriptor is. A backend with real descriptors enters them under their own number.

import { errorFor } from "../base/errors.ts";
import { POLLNVAL } from "../base/poll.ts";
import type { ForeignPollable } from "../seam/backend.ts";
import type { Pollable, Replaceable, Waiter } from "../seam/transport.ts";

/** What can stand behind a descriptor. */
export interface Openable extends Pollable, Replaceable {
  /** The process's own descriptor, or undefined where the table is to give a number. */
  fileno(): number | undefined;
  /** Gives up one reference. */
  close(): void;
}

/** Finds what the process has open under a number that no socket of this package has. */
export type FindForeign = (fd: number) => ForeignPollable | undefined;

/** One entry of the table. It outlives its closing as an object: then it answers POLLNVAL. */
export class Descriptor<T extends Openable = Openable> implements Pollable {
  /** The number, as fileno() tells it. */
  readonly fd: number;
  /** What is open behind the number. */
  readonly open: T;
  /** The table that gave the number; undefined for a descriptor of the process. */
  readonly numberedBy: DescriptorTable | undefined;
  readonly #table: DescriptorTable;
  /** Set once the number was closed, through any object or by the number itself. A field: every call looks at it. */
  closed = false;

  /** Made by a table alone. */
  constructor(table: DescriptorTable, fd: number, open: T, isOwnNumber: boolean) {
    this.fd = fd;
    this.open = open;
    this.numberedBy = isOwnNumber ? table : undefined;
    this.#table = table;
  }

  /** Frees the number and closes what is behind it. Closing twice does nothing. */
  close(): void {
    if (this.closed) return;
    this.#leave();
    this.open.close();
    this.#table.afterClose();
  }

  /** Leaves the table where something else has the number by now. Answers whether it did. */
  makeWay(): boolean {
    if (this.open.isReplaced?.() !== true) return false;
    this.#leave();
    this.open.abandon?.();
    return true;
  }

  /** Leaves the table, and what is behind it stays open. */
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
  /** One for each backend whose numbers are the process's. */
  readonly #finders = new Set<FindForeign>();
  /**
   * Descriptors that were found and not opened here. They are kept while something refers to them: an epoll knows by the
   * object that a number is registered, and was not closed since.
   */
  readonly #foreign = new Map<number, WeakRef<Descriptor>>();
  readonly #onEmpty: () => void;

  /** `onEmpty` is called when the last descriptor was closed. */
  constructor(numbers: Numbers, onEmpty: () => void) {
    this.#numbers = numbers;
    this.#onEmpty = onEmpty;
  }

  /** Lets a backend answer for numbers that the table does not hold. */
  addFinder(find: FindForeign): void {
    this.#finders.add(find);
  }

  /** Whether nothing is open. */
  get empty(): boolean {
    return this.#open.size === 0;
  }

  /** Enters something open under its own number, or under a new one. */
  enter<T extends Openable>(open: T): Descriptor<T> {
    const own = open.fileno();
    const descriptor = new Descriptor(this, own ?? this.#numbers(), open, own === undefined);
    this.#open.set(descriptor.fd, descriptor);
    return descriptor;
  }

  /** Puts something else behind the number of a descriptor. The old entry is closed; what was behind it is not. */
  exchange<T extends Openable>(old: Descriptor, open: T): Descriptor<T> {
    old.release();
    const descriptor = new Descriptor(this, old.fd, open, old.numberedBy !== undefined);
    this.#open.set(descriptor.fd, descriptor);
    return descriptor;
  }

  /** Looks a number up; undefined where nothing is open under it. */
  find(fd: number): Descriptor | undefined {
    return this.#open.get(fd) ?? this.#findForeign(fd);
  }

  #findForeign(fd: number): Descriptor | undefined {
    for (const find of this.#finders) {
      const open = find(fd);
      if (open === undefined) continue;
      const known = this.#foreign.get(fd)?.deref();
      if (known !== undefined && !known.closed && !known.makeWay()) return known;
      const descriptor = new Descriptor(this, fd, open, false);
      this.#foreign.set(fd, new WeakRef(descriptor));
      return descriptor;
    }
    return undefined;
  }

  /** Looks a number up, or throws EBADF. */
  get(fd: number): Descriptor {
    const descriptor = this.find(fd);
    if (descriptor === undefined) throw errorFor("EBADF");
    return descriptor;
  }

  /** Frees the number of a descriptor that was closed. */
  remove(descriptor: Descriptor): void {
    if (this.#open.get(descriptor.fd) === descriptor) this.#open.delete(descriptor.fd);
  }

  /** Tells that what was behind a descriptor is closed. */
  afterClose(): void {
    if (this.empty) this.#onEmpty();
  }
}

/**
 * The property by which a socket, an epoll or a reader tells which table its number is of. Its key is known to every copy
 * of this package: numbers of two simulated worlds are alike, and those of another copy's world too.
 */
const NUMBERED_BY = Symbol.for("@berkeley/socket: numbered by");

/** Gives the objects of a class that property. */
export function tellTable<T extends object>(prototype: T, tableOf: (item: T) => DescriptorTable | undefined): void {
  Object.defineProperty(prototype, NUMBERED_BY, {
    get(this: T) {
      return tableOf(this);
    },
  });
}

/** Refuses an object whose number is another table's: there the same number may be another socket. */
export function checkTable(item: object, table: DescriptorTable, syscall?: string): void {
  const numberedBy = (item as { [NUMBERED_BY]?: unknown })[NUMBERED_BY];
  if (numberedBy === undefined || numberedBy === table) return;
  const hint = "it belongs to another simulated world, to another clock, or to another copy of this package; " +
    "wait for it with the select, poll or epoll of its own module";
  throw errorFor("EBADF", { syscall, hint });
}

// Closing what was collected while it was open.

/**
 * Closes a descriptor in a finalizer. No call is there to reject: an error thrown here would end the process, because of
 * an object that the program has no use for.
 */
export function closeForgotten(descriptor: Descriptor | undefined): void {
  try {
    descriptor?.close();
  } catch {
    // The number is free in any case, and the entry has left the table before anything can fail.
  }
}

// Where the numbers of a descriptor table's own come from: those of sockets that have no descriptor of the process.

/** Gives the next number. No number is given twice. */
export type Numbers = () => number;

/** The first number for the real backends: above the hard limit of descriptors on common systems. */
const FIRST_OF_PROCESS = 2 ** 20;
/** The first number in each simulated world: far above those that the real backends ever reach. */
const FIRST_OF_WORLD = 2 ** 30;

/** The key under which the process keeps its counter: every copy of this package finds the same one. */
const COUNTER = Symbol.for("@berkeley/socket: next descriptor number");

/**
 * The process's numbers. Two copies of this package in one process (two versions, say) share them, so that a number means
 * at most one socket: the other copy knows no such number, and answers EBADF.
 */
export const processNumbers: Numbers = () => {
  const shared = globalThis as { [COUNTER]?: number };
  const next = shared[COUNTER] ?? FIRST_OF_PROCESS;
  shared[COUNTER] = next + 1;
  return next;
};

/** Numbers that start over for each world: a program in it sees the same ones in every run. */
export function worldNumbers(): Numbers {
  let next = FIRST_OF_WORLD;
  return () => next++;
}
