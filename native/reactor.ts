// The reactor: one epoll instance for all native descriptors, and the loop that asks it while something waits.
//
// A descriptor is registered once, at its first wait, edge-triggered and for all events. After that, beginning and ending
// a wait cost no system call. The loop polls: as long as it finds events, it calls epoll_wait again with timeout 0.
// After some polls without events it parks: one epoll_wait runs on a thread of Deno's pool and waits there. Its result
// takes 29 µs longer to arrive. Writing to an eventfd ends that call when the last waiter has left.
//
// Between two polls the loop waits for setImmediate. That lets timers run, but not Deno's own I/O: Deno asks the kernel
// only when its event loop has nothing else to do, or after 61 tasks. One setImmediate is one task, and 61 polls with 64
// busy connections take 40 ms. So when other backends are busy too, the loop shares the thread with them in time slices:
// it lets the event loop turn without polling until one of their waiters is woken.
//
// Measured by echoes on both backends, in one process on one CPU: without time slices and with 64 connections each, the
// default backend kept an eighth of its rate without the other. With them it keeps half, and 0.6 with one connection each.
// With 8 connections it keeps a third, because the 61 tasks take 50 µs each time, which is as long as its 8 echoes.
//
// A parked call with timeout 0 would cost less, but only if its thread had a CPU. On one CPU it returned before Deno had
// asked the kernel, or 2 ms too late.

import type { LibcEpoll } from "./libc.ts";
import { libc, libcEpoll } from "./libc.ts";
import { call, failure } from "./call.ts";
import {
  EEXIST,
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLET,
} from "./linux.ts";
import { errno } from "./call.ts";
import { effects, permitAll } from "./effects.ts";
import { POLLIN, POLLOUT, POLLPRI, POLLRDHUP } from "../base/poll.ts";
import type { Loop, WakeUps } from "../seam/loop.ts";

/** struct epoll_event in 32-bit words: events, then two words of data. It is packed on x86-64 and aligned elsewhere. */
const WORDS = Deno.build.arch === "x86_64" ? 3 : 4;
const DATA = WORDS - 2;
/** The number of events per poll. The next poll gets the rest. (16 to 512 make no difference.) */
const BATCH = 128;
/** The number of polls without events before the loop parks. (10 to 150 make no difference.) */
const IDLE_POLLS = 40;
/** The timeout of a parked call in ms. It frees the thread when the Worker was terminated meanwhile. */
const LONGEST_PARK = 60_000;
/** The time slice of the loop in ms: at first, and at most while the other backends are idle. */
const SHORTEST_SLICE = 0.05;
const LONGEST_SLICE = 4;
/** The number of tasks after which Deno's event loop asks the kernel in any case. */
const TASKS_PER_DRIVER_POLL = 61;
/** The longest delay between polls in ms, while all waiting sockets are unref'ed. */
const LONGEST_TIMER = 16;

/** How long the end of the isolate waits for a parked call, in ms. */
const LONGEST_CLOSE = 1000;

/** Whether this isolate is a Worker. Deno does not report the end of a Worker, so an unused reactor is closed before it. */
const IN_WORKER = "WorkerGlobalScope" in globalThis;

const EVERYTHING = POLLIN | POLLOUT | POLLPRI | POLLRDHUP | EPOLLET;

/** A descriptor as the reactor sees it. source.ts implements it. */
export interface Watched {
  readonly fd: number;
  /** Distinguishes this descriptor from earlier ones with the same number. */
  readonly generation: number;
  /** The number of waiters, and the number of those that are not background waiters. */
  readonly waiting: number;
  readonly foreground: number;
  /** False after unref(): then its waiters do not keep the process alive. */
  referenced: boolean;
  /** Whether the descriptor is registered with epoll. */
  registered: boolean;
  /** The next source of the same descriptor. */
  sibling: Watched | undefined;
  /** Notes events. Returns whether they are the first since the waiters were woken. */
  note(events: number): boolean;
  /** Wakes the waiters of the noted events. */
  wakeWaiters(): void;
}

class Reactor implements Loop {
  #libc!: LibcEpoll;
  #epoll = -1;
  #eventfd = -1;
  readonly #events = new Int32Array(BATCH * WORDS);
  /** The events of the parked call. Another thread writes them, while the loop may poll. */
  readonly #parkedEvents = new Int32Array(BATCH * WORDS);
  readonly #request = new Int32Array(WORDS);
  readonly #sources: (Watched | undefined)[] = [];
  /** Sources with noted events whose waiters were not woken yet. */
  #noted: Watched[] = [];
  /** The number of registered sources. */
  #registered = 0;
  /** The number of all waiters, of those that keep the process alive, and of background waiters. */
  #waiting = 0;
  #foreground = 0;
  #background = 0;
  /** The number of select, poll and epoll waits. Background waiters count only while there is one. */
  #waits = 0;
  /** The number of polls since the last event. */
  #idle = 0;
  #scheduled = false;
  #parked: Promise<void> | undefined;
  /** The promise of all calls that end in this turn of the event loop, see `atRest`. */
  #ending: Promise<void> | undefined;
  #parkEnds = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The wake-ups of all backends, and how many of them are known: made by this loop, or seen before. */
  #wakeUps: WakeUps = { count: 0 };
  #accountedFor = 0;
  /** When this loop's time slice began, and its length in ms; 0 while the other backends are idle. */
  #sliceBegan = 0;
  #sliceLength = 0;
  /** The turns of the event loop that the other backends still have. */
  #turnsLeft = 0;
  /** The value of effects() when epoll was asked in this run of JavaScript; -1 if it was not. */
  #refreshed = -1;
  readonly #run = (): void => this.#poll();
  readonly #expireRefresh = (): void => {
    this.#refreshed = -1;
  };

  /** Registers a source with epoll. Throws EPERM for a regular file, which is always ready. */
  register(source: Watched): void {
    if (this.#epoll < 0) this.#open();
    if (this.#control(EPOLL_CTL_ADD, source) === -1) {
      // A source of the same number is registered, as a foreign descriptor. Now the events go to both.
      if (errno() !== EEXIST) throw failure("epoll_ctl");
      call(this.#control(EPOLL_CTL_MOD, source), "epoll_ctl");
      source.sibling = this.#sources[source.fd];
    }
    this.#sources[source.fd] = source;
    source.registered = true;
    this.#registered++;
  }

  /** Removes a source from epoll. */
  unregister(source: Watched): void {
    this.#removeSource(source);
    this.#registered--;
    this.#closeUnused();
  }

  #removeSource(source: Watched): void {
    source.registered = false;
    const { fd, sibling } = source;
    source.sibling = undefined;
    const first = this.#sources[fd];
    if (first !== source) {
      for (let at = first; at !== undefined; at = at.sibling) if (at.sibling === source) at.sibling = sibling;
      return;
    }
    this.#sources[fd] = sibling;
    // An error would mean that the kernel has removed it already.
    if (sibling === undefined) this.#libc.epoll_ctl(this.#epoll, EPOLL_CTL_DEL, fd, this.#request);
    else this.#control(EPOLL_CTL_MOD, sibling);
  }

  /** Whether the kernel still has the registration. It removes a file whose last descriptor is closed. */
  isKnownToKernel({ fd }: Watched): boolean {
    const first = this.#sources[fd];
    if (first === undefined) return false;
    // Failing with EEXIST changes nothing. EPOLL_CTL_MOD would report the current events again.
    if (this.#control(EPOLL_CTL_ADD, first) === -1) return errno() === EEXIST;
    this.#libc.epoll_ctl(this.#epoll, EPOLL_CTL_DEL, fd, this.#request);
    return false;
  }

  #control(operation: number, source: Watched): number {
    const request = this.#request;
    request[0] = EVERYTHING;
    request[DATA] = source.fd;
    request[DATA + 1] = source.generation;
    return this.#libc.epoll_ctl(this.#epoll, operation, source.fd, request);
  }

  /** Counts a new waiter of a source. */
  addWaiter(source: Watched, background: boolean): void {
    this.#waiting++;
    if (background) this.#background++;
    else if (source.referenced) this.#foreground++;
    this.#schedule();
  }

  /**
   * Notes that an attempt waits for the next turn of the event loop, and not for the kernel. The next poll permits attempts
   * again and wakes the waiters. It is needed without waiters, too: a select with timeout 0 makes attempts and does not wait.
   */
  holdBack(source: Watched, event: number): void {
    if (source.note(event)) this.#noted.push(source);
    this.#endPark();
    this.#schedulePoll();
  }

  /** Counts a waiter that was withdrawn. */
  removeWaiter(source: Watched, background: boolean): void {
    this.#waiting--;
    if (background) this.#background--;
    else if (source.referenced) this.#foreground--;
    this.#endUnneeded();
  }

  /** Sets whether the waiters of a source keep the process alive. */
  setReferenced(source: Watched, referenced: boolean): void {
    if (source.referenced === referenced) return;
    source.referenced = referenced;
    this.#foreground += referenced ? source.foreground : -source.foreground;
    if (referenced) this.#schedule();
    else if (!this.#held) this.#endPark();
  }

  join(wakeUps: WakeUps): void {
    this.#wakeUps = wakeUps;
  }

  beginWait(): void {
    this.#waits++;
    this.#schedule();
  }

  endWait(): Promise<void> | undefined {
    this.#waits--;
    this.#endUnneeded();
    return this.atRest();
  }

  /** Ends the parked call or the timer if no waiter needs it. */
  #endUnneeded(): void {
    if (!this.#held) this.#endPark();
    if (this.#timer !== undefined && !this.#wanted) this.#clearTimer();
  }

  /**
   * Returns a promise that settles when the parked call has ended, if no waiter needs it. Ending it takes a moment, and
   * `deno test` reports an operation that is still under way.
   */
  atRest(): Promise<void> | undefined {
    return this.#parked === undefined ? undefined : this.#ending ??= this.#untilParkEnds();
  }

  async #untilParkEnds(): Promise<void> {
    // Several calls can end at once, for example by one signal. All of them settle in the next turn of the event loop. If
    // one rejected earlier, while the program still awaits another, its rejection would be unhandled.
    await new Promise((resolve) => setImmediate(resolve));
    this.#ending = undefined;
    if (!this.#held) await this.#parked;
  }

  /** Wakes the waiters of an event that the kernel does not report. A parked call is ended first. */
  announce(source: Watched, event: number): void {
    const noted = source.note(event);
    if (this.#parked === undefined || source.waiting === 0) return source.wakeWaiters();
    if (noted) this.#noted.push(source);
    this.#endPark();
  }

  /** Whether a waiter needs the loop. */
  get #wanted(): boolean {
    return this.#waiting > (this.#waits > 0 ? 0 : this.#background);
  }

  /** Whether the loop keeps the process alive. Only then may it park. */
  get #held(): boolean {
    return this.#foreground > 0 || this.#waits > 0;
  }

  /** Wakes the waiters of all events that the kernel has now. */
  catchUp(): Promise<void> | undefined {
    if (this.#waiting === 0) return undefined;
    if (this.#parked !== undefined) return this.#unpark();
    if (this.refresh()) this.#wakeAll();
    return undefined;
  }

  /** Ends the parked call, wakes the waiters of its events, and then polls for events that came later. */
  async #unpark(): Promise<void> {
    while (this.#parked !== undefined) {
      this.#endPark();
      await this.#parked;
    }
    if (this.refresh()) this.#wakeAll();
  }

  /**
   * Brings `ready` of every source up to date. Returns false if a parked call prevents that: it may hold events that were
   * not delivered yet. In one run of JavaScript one system call serves all callers, until a call of this process changes
   * readiness.
   */
  refresh(): boolean {
    if (this.#parked !== undefined) return false;
    if (this.#refreshed === effects()) return true;
    this.#refreshed = effects();
    queueMicrotask(this.#expireRefresh);
    for (;;) {
      const found = this.#libc.epoll_wait(this.#epoll, this.#events, BATCH, 0);
      this.#note(this.#events, found);
      if (found < BATCH) break;
    }
    if (this.#noted.length > 0) this.#schedule();
    return true;
  }

  #open(): void {
    this.#libc = libcEpoll();
    // Each of these may fail (EMFILE). Then nothing is left open, and the next wait tries again.
    if (this.#eventfd < 0) this.#eventfd = call(this.#libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    const epoll = call(this.#libc.epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    // Edge-triggered: each write reports an event, so the eventfd never has to be read.
    this.#request[0] = POLLIN | EPOLLET;
    this.#request[DATA] = -1;
    call(this.#libc.epoll_ctl(epoll, EPOLL_CTL_ADD, this.#eventfd, this.#request), "epoll_ctl");
    this.#epoll = epoll;
  }

  /** Schedules the next poll if a waiter needs it. */
  #schedule(): void {
    if (this.#wanted) this.#schedulePoll();
  }

  /** Schedules the next poll, unless the loop is scheduled or parked already. */
  #schedulePoll(): void {
    if (this.#scheduled || this.#parked !== undefined) return;
    if (this.#held || !this.#wanted) {
      this.#scheduled = true;
      if (this.#timer !== undefined) this.#clearTimer();
      if (this.#areOthersDue()) this.#yieldToOthers();
      else setImmediate(this.#run);
    } else if (this.#timer === undefined) {
      // A parked call would keep the process alive, and no waiter does. So the loop polls from an unref'ed timer.
      this.#timer = setTimeout(this.#run, Math.min(2 ** this.#idle, LONGEST_TIMER));
      Deno.unrefTimer(this.#timer);
    }
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #poll(): void {
    this.#scheduled = false;
    permitAll();
    if (this.#timer !== undefined) this.#clearTimer();
    if (!this.#wanted) {
      this.#idle = 0;
      return;
    }
    const found = this.#libc.epoll_wait(this.#epoll, this.#events, BATCH, 0);
    this.#note(this.#events, found);
    this.#afterPoll();
  }

  #afterPoll(): void {
    if (this.#noted.length > 0) {
      this.#idle = 0;
      this.#wakeAll();
    } else this.#idle++;
    if (!this.#wanted) return;
    if (this.#idle < IDLE_POLLS || !this.#held) this.#schedule();
    else this.#park();
    // A peer on the same CPU should run now, so that the next poll finds its reply. With one connection and both ends on one
    // CPU that gives 4% more round trips for 10% less of the server's time.
    if (this.#idle > 0 && this.#scheduled) this.#libc.sched_yield();
  }

  /** Whether other backends are busy and this loop's time slice is over. */
  #areOthersDue(): boolean {
    const { count } = this.#wakeUps;
    if (count !== this.#accountedFor) {
      this.#accountedFor = count;
      this.#sliceLength = SHORTEST_SLICE;
    } else if (this.#sliceLength === 0) return false;
    return performance.now() - this.#sliceBegan >= this.#sliceLength;
  }

  /** Lets the event loop turn until Deno has asked the kernel. */
  #yieldToOthers(): void {
    this.#turnsLeft = TASKS_PER_DRIVER_POLL;
    setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    const found = this.#wakeUps.count !== this.#accountedFor;
    if (!found && --this.#turnsLeft > 0) {
      setImmediate(this.#onTurn);
      return;
    }
    if (!found) this.#sliceLength = this.#sliceLength < LONGEST_SLICE ? this.#sliceLength * 2 : 0;
    this.#sliceBegan = performance.now();
    this.#poll();
  };

  /** In a Worker, closes the epoll instance and the eventfd while no source is registered. */
  #closeUnused(): void {
    if (!IN_WORKER || this.#registered > 0) return;
    if (this.#parked === undefined) this.close();
    else this.#endPark();
  }

  /** Closes the reactor at the end of the isolate. */
  close(): void {
    if (this.#epoll < 0) return;
    if (this.#parked !== undefined) this.#unparkNow();
    libc().close(this.#epoll);
    libc().close(this.#eventfd);
    this.#epoll = this.#eventfd = -1;
  }

  /**
   * Waits on this thread until the parked call has returned, because it writes to memory that ends with the isolate. It
   * returns within microseconds, and no other JavaScript is left to run.
   */
  #unparkNow(): void {
    this.#endPark();
    for (let polls = 0; this.#parkedEvents[0] === 0 && polls < LONGEST_CLOSE; polls++) {
      libc().poll(this.#events, 0, 1);
    }
  }

  #park(): void {
    this.#parkedEvents[0] = 0;
    this.#parked = this.#libc.epoll_wait_parked(this.#epoll, this.#parkedEvents, BATCH, LONGEST_PARK).then((found) => {
      this.#parked = undefined;
      this.#parkEnds = false;
      this.#idle = 0;
      permitAll();
      this.#note(this.#parkedEvents, found);
      this.#wakeAll();
      this.#schedule();
      this.#closeUnused();
    });
  }

  /** Ends the parked call by writing to the eventfd. */
  #endPark(): void {
    if (this.#parked === undefined || this.#parkEnds) return;
    this.#parkEnds = true;
    this.#libc.eventfd_write(this.#eventfd, 1n);
  }

  #note(events: Int32Array, found: number): void {
    for (let i = 0, at = 0; i < found; i++, at += WORDS) {
      let source = this.#sources[events[at + DATA]];
      // An event of a descriptor that was closed meanwhile; its number may be in use again.
      if (source === undefined || source.generation !== events[at + DATA + 1]) continue;
      for (; source !== undefined; source = source.sibling) {
        if (source.note(events[at])) this.#noted.push(source);
      }
    }
  }

  /**
   * Wakes the waiters of all sources in one run. All calls make their attempts first; their programs continue afterwards, in
   * microtasks. If each program continued before the next attempt, that would cost 13% of the echoes with 512 connections.
   */
  #wakeAll(): void {
    const sources = this.#noted;
    if (sources.length === 0) return;
    this.#noted = [];
    const woken = this.#wakeUps.count;
    for (const source of sources) source.wakeWaiters();
    this.#accountedFor += this.#wakeUps.count - woken;
  }
}

/** The reactor of this isolate. */
export const reactor: Reactor = new Reactor();
