// The descriptor table: number to open socket, as the kernel keeps one for each process.
//
// It is what lets `select` know no backend: a socket, a number or anything with `fileno()` is looked up
// here. Deno does not reveal descriptors, so sockets of the default backend get numbers of the table's
// own, from 2^20 up, where no real descriptor is; a backend with real ones enters them under their own number.

import { POLLNVAL } from "../base/poll.ts";
import { errorFor } from "../base/errors.ts";
import type { Pollable, Replaceable, Waiter } from "../seam/transport.ts";

/** The first number of the table's own: above the hard limit of descriptors on common systems. */
const FIRST_OWN_NUMBER = 2 ** 20;

/** What can stand behind a descriptor. */
export interface Openable extends Pollable, Replaceable {
  /** The process's own descriptor, or undefined where the table is to give a number. */
  fileno(): number | undefined;
  /** Gives up one reference. */
  close(): void;
}

/** One entry of the table. It outlives its closing as an object: then it answers POLLNVAL. */
export class Descriptor<T extends Openable = Openable> implements Pollable {
  /** The number, as fileno() tells it. */
  readonly fd: number;
  /** What is open behind the number. */
  readonly open: T;
  #closed = false;

  /** Made by {@linkcode enter} alone. */
  constructor(fd: number, open: T) {
    this.fd = fd;
    this.open = open;
  }

  /** Whether the number was closed, by whomever. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Frees the number and closes what is behind it; closing twice does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#leave();
    this.open.close();
    if (table.size === 0) lastClosed();
  }

  /** Leaves the table where something else has the number by now. Answers whether it did. */
  makeWay(): boolean {
    if (this.open.isReplaced?.() !== true) return false;
    this.#leave();
    this.open.abandon?.();
    return true;
  }

  #leave(): void {
    this.#closed = true;
    if (table.get(this.fd) === this) table.delete(this.fd);
  }

  events(mask: number): number {
    return this.#closed ? POLLNVAL : this.open.events(mask);
  }
  watch(mask: number, waiter: Waiter): void {
    this.open.watch(mask, waiter);
  }
  unwatch(waiter: Waiter): void {
    this.open.unwatch(waiter);
  }
  settle(mask: number): Promise<void> | undefined {
    return this.#closed ? undefined : this.open.settle(mask);
  }
}

const table = new Map<number, Descriptor>();
let next = FIRST_OWN_NUMBER;

/** Finds or makes the entry of a number that is not in the table: a real descriptor, where a backend knows those. */
let adoptReal: (fd: number) => Descriptor | undefined = () => undefined;

/** Lets a backend with real descriptors answer for the numbers that the table does not hold. */
export function onUnknown(adopt: (fd: number) => Descriptor | undefined): void {
  adoptReal = adopt;
}

let lastClosed: () => void = () => {};

/** Tells whoever keeps something ready for the next wait that there is nothing left to wait for. */
export function onLastClosed(tell: () => void): void {
  lastClosed = tell;
}

/** Whether there is anything in the table. */
export function anyOpen(): boolean {
  return table.size > 0;
}

/** Enters something open under its own number, or under a new one. */
export function enter<T extends Openable>(open: T): Descriptor<T> {
  const descriptor = new Descriptor(open.fileno() ?? next++, open);
  table.set(descriptor.fd, descriptor);
  return descriptor;
}

/** Looks a number up; undefined where nothing is open under it. */
export function find(fd: number): Descriptor | undefined {
  return table.get(fd) ?? adoptReal(fd);
}

/** Looks a number up, or throws EBADF. */
export function get(fd: number): Descriptor {
  const descriptor = find(fd);
  if (descriptor === undefined) throw errorFor("EBADF");
  return descriptor;
}
