// The wait of select and poll: look at all descriptors; if no event holds, register a waiter with each, sleep until the first
// wake, the deadline or the abort, and withdraw all waiters.
//
// Each promise belongs to one wait. A promise that belonged to a socket would keep a reaction for every wait: 491 MB of
// heap after 50,000 waits.

import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLRDNORM, POLLWRBAND, POLLWRNORM } from "../../base/poll.ts";
import type { OSError } from "../../base/errors.ts";
import type { Pollable, Waiter } from "../../seam/transport.ts";
import { orAborted, throwIfAborted } from "../promises.ts";
import type { DescriptorTable } from "../descriptors.ts";
import type { Runtime } from "../runtime.ts";
import type { Pace } from "../timing.ts";

/** The events of sending, and those that are always reported. A mask without other events is not for input. */
const OUTPUT = POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR | POLLHUP | POLLNVAL;

/** Adds POLLRDNORM to POLLIN and POLLWRNORM to POLLOUT, and the other way round, as the kernel does. Backends need not. */
export function withSynonyms(events: number): number {
  if ((events & (POLLIN | POLLRDNORM)) !== 0) events |= POLLIN | POLLRDNORM;
  if ((events & (POLLOUT | POLLWRNORM)) !== 0) events |= POLLOUT | POLLWRNORM;
  return events;
}

/**
 * Whether settling could bring no further event. If both input and output were asked for, both must be in the answer, unless
 * it has an error or a hang-up.
 */
export function complete(asked: number, answer: number): boolean {
  if ((answer & (POLLERR | POLLHUP | POLLNVAL)) !== 0) return true;
  return answer !== 0 && (withSynonyms(asked) & ~withSynonyms(answer) & (POLLIN | POLLOUT)) === 0;
}

/** The waiter of one wait. The wait sleeps until its waiter is woken. */
export class SleepingWaiter implements Waiter {
  readonly #runtime: Runtime;
  #resolve: (() => void) | undefined;

  /** Uses the clock of a runtime. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Whether the wait sleeps and was not woken yet. */
  get sleeping(): boolean {
    return this.#resolve !== undefined;
  }

  wake(): void {
    this.#runtime.loops.wakeUps.count++;
    this.#resolve?.();
    this.#resolve = undefined;
  }

  /** Sleeps until the next wake, the deadline of the clock or the abort. An abort rejects. */
  async sleep(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    // Wake and timer settle the same promise, and only an abort needs a second. Promise.race of two takes 0.13 µs more.
    const woken = new Promise<void>((resolve) => this.#resolve = resolve);
    // There is always a timer, because it keeps the process alive. The registered waiters are background waiters.
    const { timers, loops } = this.#runtime;
    const timer = timers.take(this, deadline);
    loops.beginWait();
    try {
      await orAborted(woken, signal);
    } finally {
      this.#resolve = undefined;
      timer.release();
      const atRest = loops.endWait();
      if (atRest !== undefined) await atRest;
    }
  }
}

/** The pollable of a number under which nothing is open. */
const NOTHING: Pollable = {
  events: () => POLLNVAL,
  watch: () => {},
  unwatch: () => {},
  settle: () => undefined,
};

/**
 * One descriptor of a select or poll and the events to wait for, as struct pollfd of poll(2).
 *
 * Every select makes one for each of its sockets, so it has no field that can be derived and no subclass. A select over
 * 1,000 sockets, one of them with data, takes 111 µs on the default backend and 75 µs on the native one. With three more
 * fields and a subclass it took 130 and 105 µs.
 */
export class PollInterest<T> implements Waiter, Watched {
  /** The item as the program gave it. */
  readonly item: T;
  readonly #pollable: Pollable;
  readonly #mask: number;
  /** The events that held when it last looked. */
  revents = 0;
  #waiter: PollWaiter | undefined = undefined;

  /** Makes an interest for a number. If nothing is open under it, `revents` becomes POLLNVAL. */
  constructor(descriptors: DescriptorTable, item: T, fd: number, mask: number) {
    this.item = item;
    this.#pollable = descriptors.find(fd) ?? NOTHING;
    this.#mask = mask;
  }

  get background(): boolean {
    return true;
  }

  get forInput(): boolean {
    return (this.#mask & ~OUTPUT) !== 0;
  }

  /** Looks, and returns whether one of the events holds. */
  look(): boolean {
    this.revents = withSynonyms(this.#pollable.events(withSynonyms(this.#mask))) & this.#mask;
    return this.revents !== 0;
  }

  /** Looks, and returns whether settling could bring no further event. */
  get complete(): boolean {
    this.look();
    return complete(this.#mask, this.revents);
  }

  /** Registers with the pollable. */
  watch(waiter: PollWaiter): void {
    this.#waiter = waiter;
    try {
      this.#pollable.watch(withSynonyms(this.#mask), this);
    } catch (error) {
      // epoll refuses a regular file. select and poll accept it, and its events never change.
      if ((error as OSError).code !== "EPERM") throw error;
    }
  }

  /** Withdraws from the pollable. */
  unwatch(): void {
    this.#pollable.unwatch(this);
  }

  wake(): void {
    this.#waiter!.woke(this);
  }

  /** See {@linkcode Pollable.settle}. */
  settle(): Promise<void> | undefined {
    return this.#pollable.settle(this.#mask);
  }
}

/** The waiter of a select or poll, and the interests that were woken. */
class PollWaiter extends SleepingWaiter {
  #woken: PollInterest<unknown>[] = [];

  woke(interest: PollInterest<unknown>): void {
    this.#woken.push(interest);
    this.wake();
  }

  /** Looks at the interests that were woken. Returns whether one has events. The others cannot have changed. */
  look(): boolean {
    let found = false;
    for (const interest of this.#woken) if (interest.look()) found = true;
    this.#woken = [];
    return found;
  }
}

/** Waits until an interest has events, at most `timeout` milliseconds. */
export async function waitForEvents(
  runtime: Runtime,
  interests: PollInterest<unknown>[],
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfAborted(signal);
  const { clock, pace } = runtime;
  await pace.begin();
  let found = false;
  const open: PollInterest<unknown>[] = [];
  for (const interest of interests) {
    if (!interest.complete) open.push(interest);
    if (interest.revents !== 0) found = true;
  }
  if (found && (open.length === 0 || !pace.mayLinger())) return;

  const deadline = clock.now() + timeout;
  const waiter = new PollWaiter(runtime);
  let watched = 0;
  try {
    for (; watched < open.length; watched++) open[watched].watch(waiter);
    if (!found && timeout > 0) {
      do {
        await waiter.sleep(deadline, signal);
        pace.turned();
        // All events that came together with the first wake are known now, and are reported together.
        if (waiter.look()) return;
      } while (clock.now() < deadline);
    }
    // Settles before it reports, even if nothing is ready, for backends that learn late.
    await settleWatched(open, pace);
    throwIfAborted(signal);
  } finally {
    for (let place = 0; place < watched; place++) open[place].unwatch();
  }
  for (const interest of open) interest.look();
}

/** An interest of a wait or of an epoll. It is registered with its pollable. */
export interface Watched {
  /** Whether it waits for input, and not only for room to send. */
  readonly forInput: boolean;
  /** Whether settling could bring no further event. */
  readonly complete: boolean;
  settle(): Promise<void> | undefined;
}

/**
 * Settles what is watched. A backend that learns late learns from the event loop, about all watched sockets in the same turns.
 * The settling of a socket takes all of these turns if an event that was asked for does not come. So it is enough to settle
 * until a socket that waits for input lacks an event.
 */
export async function settleWatched(watched: Iterable<Watched>, pace: Pace): Promise<void> {
  let turned = false;
  for (const one of watched) {
    if (turned && one.complete) continue;
    const settled = one.settle();
    if (settled === undefined) continue;
    await settled;
    turned = true;
    pace.turned();
    if (one.forInput && !one.complete) return;
  }
}
