// EPOLLEXCLUSIVE: of several epolls that wait for one descriptor, news wakes one and not all.
//
// As the kernel's exclusive waiters they stand in a queue behind the open file. News goes along the queue up
// to the first whose epoll somebody sleeps in.

import type { Descriptor, Openable } from "../descriptors.ts";
import type { Waiter } from "../../seam/transport.ts";

/** An epoll's entry, as the queue sees it. */
export interface Exclusive {
  readonly descriptor: Descriptor;
  /** What its epoll waits for. */
  readonly watchMask: number;
  /** News for it: answers whether somebody was woken by it, who will see to it. */
  offer(): boolean;
}

class Queue implements Waiter {
  readonly background = true;
  readonly interests = new Set<Exclusive>();

  wake(): void {
    for (const interest of this.interests) if (interest.offer()) return;
  }
}

const queues = new WeakMap<Openable, Queue>();

/** Takes a place at the end of the queue for an entry's descriptor. */
export function joinExclusive(interest: Exclusive): void {
  const { open } = interest.descriptor;
  let queue = queues.get(open);
  if (queue === undefined) queues.set(open, queue = new Queue());
  queue.interests.add(interest);
  watch(queue, open);
}

/** Leaves the queue. */
export function leaveExclusive(interest: Exclusive): void {
  const { open } = interest.descriptor;
  const queue = queues.get(open);
  if (queue === undefined) return;
  queue.interests.delete(interest);
  watch(queue, open);
}

/**
 * One waiter stands for the queue, with all that its entries wait for. An entry whose descriptor was closed waits for
 * nothing more: its number may be another file's by now. What is left keeps the open file open, so it can be watched.
 */
function watch(queue: Queue, open: Openable): void {
  let mask = 0;
  for (const interest of queue.interests) {
    if (interest.descriptor.closed) queue.interests.delete(interest);
    else mask |= interest.watchMask;
  }
  if (mask === 0) open.unwatch(queue);
  else open.watch(mask, queue);
}
