// The one wait: look at everything; where nothing holds, register one waiter with each, race the first ring
// against timeout and abort, and withdraw everywhere.
//
// Every promise in the race belongs to this call and dies with it. Racing promises that live as long as a
// socket would leave a reaction behind at each, for every call (measured: 491 MB after 50,000 waits).

import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLRDNORM, POLLWRBAND, POLLWRNORM } from "../../base/poll.ts";
import type { OSError } from "../../base/errors.ts";
import type { Pollable, Waiter } from "../../seam/transport.ts";
import { orAborted, throwIfAborted } from "../promises.ts";
import type { DescriptorTable } from "../descriptors.ts";
import type { Runtime } from "../runtime.ts";
import type { Pace } from "../timing.ts";

/** What asks for room to send alone; the rest of POLLNVAL, POLLERR and POLLHUP needs no asking. */
const OUTPUT = POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR | POLLHUP | POLLNVAL;

/** Kernel files answer POLLRDNORM with POLLIN and POLLWRNORM with POLLOUT; so a backend need not. */
export function withSynonyms(events: number): number {
  if ((events & (POLLIN | POLLRDNORM)) !== 0) events |= POLLIN | POLLRDNORM;
  if ((events & (POLLOUT | POLLWRNORM)) !== 0) events |= POLLOUT | POLLWRNORM;
  return events;
}

/**
 * Whether an answer is all that can be expected, so that nothing is gained by asking again: of input and output
 * both, where both were asked for, unless an error or hang-up says everything.
 */
export function complete(asked: number, answer: number): boolean {
  if ((answer & (POLLERR | POLLHUP | POLLNVAL)) !== 0) return true;
  return answer !== 0 && (withSynonyms(asked) & ~withSynonyms(answer) & (POLLIN | POLLOUT)) === 0;
}

/** What rings when there may be news, and how to sleep until then. */
export class Alarm implements Waiter {
  readonly #runtime: Runtime;
  #ring: (() => void) | undefined;

  /** Sleeps by the clock of a runtime. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Whether somebody sleeps who was not woken yet. */
  get set(): boolean {
    return this.#ring !== undefined;
  }

  wake(): void {
    this.#runtime.loops.wakeUps.count++;
    this.#ring?.();
    this.#ring = undefined;
  }

  /** Sleeps until the next ring, the deadline (by the clock) or the abort; the last one rejects. */
  async sleep(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    // Ring and timer race for one promise, and only an abort needs a second (Promise.race over two: 0.13 µs more).
    const rung = new Promise<void>((resolve) => this.#ring = resolve);
    // There is a timer in any case: it keeps the process alive, which the waiters that are registered do not.
    const { timers, loops } = this.#runtime;
    const timer = timers.take(this, deadline);
    loops.beginWait();
    try {
      await orAborted(rung, signal);
    } finally {
      this.#ring = undefined;
      timer.release();
      const atRest = loops.endWait();
      if (atRest !== undefined) await atRest;
    }
  }
}

/** What stands behind a number under which nothing is open. */
const NOTHING: Pollable = {
  events: () => POLLNVAL,
  watch: () => {},
  unwatch: () => {},
  settle: () => undefined,
};

/**
 * One question of a wait: which of these events hold there? Every select makes one for each of its sockets, so there is
 * no field in it that can be told from the others, and no class below it (select over 1,000 sockets of which one has
 * data: 111 µs on Deno and 75 natively, 130 and 105 with three fields more and a subclass).
 */
export class Question<T> implements Waiter, Watched {
  /** What it was asked about, as the caller named it. */
  readonly item: T;
  readonly #pollable: Pollable;
  readonly #mask: number;
  /** The events that held at the last look. */
  answer = 0;
  #news: News | undefined = undefined;

  /** Asks about a descriptor; where nothing is open the answer is POLLNVAL. */
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

  /** Looks, and says whether any of the events holds. */
  look(): boolean {
    this.answer = withSynonyms(this.#pollable.events(withSynonyms(this.#mask))) & this.#mask;
    return this.answer !== 0;
  }

  /** Whether asking again would gain nothing. */
  get complete(): boolean {
    return complete(this.#mask, this.answer);
  }

  /** Registers with what is asked about. */
  watch(news: News): void {
    this.#news = news;
    try {
      this.#pollable.watch(withSynonyms(this.#mask), this);
    } catch (error) {
      // select and poll take what epoll does not: a regular file's answer is always the same.
      if ((error as OSError).code !== "EPERM") throw error;
    }
  }

  /** Withdraws. */
  unwatch(): void {
    this.#pollable.unwatch(this);
  }

  wake(): void {
    this.#news!.come(this);
  }

  /** See {@linkcode Pollable.settle}. */
  settle(): Promise<void> | undefined {
    return this.#pollable.settle(this.#mask);
  }
}

/** The questions of one wait that there is news of, and the alarm that it rings. */
class News extends Alarm {
  #questions: Question<unknown>[] = [];

  come(question: Question<unknown>): void {
    this.#questions.push(question);
    this.wake();
  }

  /** Looks where there is news; all others are as they were. Says whether any has an answer. */
  look(): boolean {
    let found = false;
    for (const question of this.#questions) if (question.look()) found = true;
    this.#questions = [];
    return found;
  }
}

/** Waits until some question has an answer, at most `timeout` milliseconds. */
export async function ask(
  runtime: Runtime,
  questions: Question<unknown>[],
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfAborted(signal);
  const { clock, pace } = runtime;
  await pace.begin();
  let found = false;
  const open: Question<unknown>[] = [];
  for (const question of questions) {
    if (question.look()) found = true;
    if (!question.complete) open.push(question);
  }
  if (found && (open.length === 0 || !pace.mayLinger())) return;

  const deadline = clock.now() + timeout;
  const news = new News(runtime);
  let watched = 0;
  try {
    for (; watched < open.length; watched++) open[watched].watch(news);
    if (!found && timeout > 0) {
      do {
        await news.sleep(deadline, signal);
        pace.turned();
        // Whatever came together with what woke us is known by now, and reported with it.
        if (news.look()) return;
      } while (clock.now() < deadline);
    }
    // About to answer "nothing" or "no more": a backend that learns late gets the time to learn.
    await settleWatched(open, pace);
    throwIfAborted(signal);
  } finally {
    for (let place = 0; place < watched; place++) open[place].unwatch();
  }
  for (const question of open) question.look();
}

/** Something watched that can be settled. */
export interface Watched {
  /** Whether it waits for input, and not only for room to send. */
  readonly forInput: boolean;
  settle(): Promise<void> | undefined;
}

/**
 * Settles what is watched. Whoever learns late learns from the event loop, all watched sockets in the same
 * turns of it: so the first one that waits for input stands for the rest, however many they are.
 */
export async function settleWatched(watched: Iterable<Watched>, pace: Pace): Promise<void> {
  for (const one of watched) {
    const settled = one.settle();
    if (settled === undefined) continue;
    await settled;
    pace.turned();
    if (one.forInput) return;
  }
}
