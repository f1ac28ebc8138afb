// One epoll instance for all native descriptors, and the loop that listens to it while somebody waits.
//
// Every descriptor is registered once, edge-triggered and for everything, at its first wait; after that waiting and
// leaving cost no system call. The loop asks epoll without waiting (timeout 0) and goes on as long as it finds work.
// When it found nothing for a while it parks: one epoll_wait that waits on a thread of Deno's pool, whose
// answer takes 29 µs longer to arrive. An eventfd ends that call when the last one who waited has left.
//
// A hop of setImmediate between two looks lets timers have their turn, but not Deno's own I/O: Deno asks the kernel only
// when its event loop has nothing left to do, or after 61 tasks, and a hop is one. 61 looks with 64 busy connections take
// 40 ms. So where other backends are busy too, the loop takes turns with them: it hops without looking until one of their
// waiters is woken. (Echo with 64 connections on each backend, in one process on one CPU: the default one kept an eighth
// of what it has alone, and keeps half.) A call parked without waiting would do the same for less, if it had a CPU for its
// thread: on one CPU it was either back before Deno had asked the kernel, or 2 ms late.

import type { Libc } from "./libc.ts";
import { libc } from "./libc.ts";
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
import { anyHeldBack, effects, permitAll } from "./effects.ts";
import { POLLIN, POLLOUT, POLLPRI, POLLRDHUP } from "../base/poll.ts";
import type { Loop, WakeUps } from "../seam/loop.ts";

/** struct epoll_event in 32-bit words: events, then data in two. Packed on x86-64, aligned elsewhere. */
const WORDS = Deno.build.arch === "x86_64" ? 3 : 4;
const DATA = WORDS - 2;
/** Events taken by one look. What is more waits for the next one; epoll goes round. (16 to 512 make no difference.) */
const BATCH = 128;
/** Looks without a find before the loop parks. (10 to 150 make no difference.) */
const PATIENCE = 40;
/** The longest that a parked call waits, in ms: the thread of a Worker that was terminated meanwhile is free then. */
const LONGEST_PARK = 60_000;
/** How long the loop works, in ms, before it lets the other backends work: at first, and at most while they are idle. */
const SHORTEST_TURN = 0.1;
const LONGEST_TURN = 4;
/** The tasks of Deno's event loop after which it asks the kernel in any case. */
const TASKS_PER_DRIVER_POLL = 61;
/** The longest pause, in ms, between looks while all who wait are unref'ed. */
const LONGEST_DOZE = 16;

/** How long the isolate's end waits for a parked call, in ms. */
const LONGEST_NAP_MS = 1000;

const EVERYTHING = POLLIN | POLLOUT | POLLPRI | POLLRDHUP | EPOLLET;

/** What the reactor knows of a descriptor. source.ts has the rest of it. */
export interface Watched {
  readonly fd: number;
  /** Tells this use of the number from those before it. */
  readonly generation: number;
  /** What may succeed: POLLIN, POLLOUT or both. */
  readonly ready: number;
  /** How many waiters it has, and how many of them are a reason to keep the process alive. */
  readonly waiting: number;
  readonly holding: number;
  /** Whether its waiters keep the process alive. */
  holds: boolean;
  /** Whether epoll watches the descriptor. */
  registered: boolean;
  /** Another one for the same number. */
  beside: Watched | undefined;
  /** Notes an event. Answers whether it is the first since the last telling. */
  note(events: number): boolean;
  /** Wakes the waiters of what was noted. */
  tell(): void;
}

class Reactor implements Loop {
  #libc!: Libc;
  #epoll = -1;
  #eventfd = -1;
  readonly #events = new Int32Array(BATCH * WORDS);
  /** The parked call's own room: it is written by another thread while the loop may look by itself. */
  readonly #parkedEvents = new Int32Array(BATCH * WORDS);
  readonly #request = new Int32Array(WORDS);
  readonly #sources: (Watched | undefined)[] = [];
  /** Sources with news that nobody was told yet. */
  #newsworthy: Watched[] = [];
  /** How many wait, and how many of them keep the process alive, and how many are in the background. */
  #waiting = 0;
  #holding = 0;
  #background = 0;
  /** How many select, poll and epoll calls sleep: what is registered in the background is waited for meanwhile. */
  #sleeping = 0;
  /** Looks since the last find. */
  #idle = 0;
  #scheduled = false;
  #parked: Promise<void> | undefined;
  /** What the calls that end in this turn wait for. */
  #rests: Promise<void> | undefined;
  #roused = false;
  #doze: ReturnType<typeof setTimeout> | undefined;
  /** How often waiters of any backend were woken, and how much of it is accounted for: woken by this loop, or noticed. */
  #wakeUps: WakeUps = { count: 0 };
  #accountedFor = 0;
  /** When the others had their last turn, and how long this loop's own may last; 0 while they are idle. */
  #turnBegan = 0;
  #turnLength = 0;
  /** The hops that are left of the others' turn. */
  #hops = 0;
  /** How many effects there were when epoll was asked, in this run of JavaScript; -1: it was not. */
  #refreshed = -1;
  readonly #turn = (): void => this.#look();
  readonly #expire = (): void => {
    this.#refreshed = -1;
  };

  /** Starts to watch a descriptor. EPERM: a regular file, which is always ready and never has news. */
  register(source: Watched): void {
    if (this.#epoll < 0) this.#open();
    if (this.#control(EPOLL_CTL_ADD, source) === -1) {
      // Watched already, by a source that looks at the same number from outside: now both are told.
      if (errno() !== EEXIST) throw failure("epoll_ctl");
      call(this.#control(EPOLL_CTL_MOD, source), "epoll_ctl");
      source.beside = this.#sources[source.fd];
    }
    this.#sources[source.fd] = source;
    source.registered = true;
  }

  /** Stops watching. */
  forget(source: Watched): void {
    source.registered = false;
    const { fd, beside } = source;
    source.beside = undefined;
    const first = this.#sources[fd];
    if (first !== source) {
      for (let at = first; at !== undefined; at = at.beside) if (at.beside === source) at.beside = beside;
      return;
    }
    this.#sources[fd] = beside;
    // An error would say that the kernel has forgotten it already.
    if (beside === undefined) this.#libc.epoll_ctl(this.#epoll, EPOLL_CTL_DEL, fd, this.#request);
    else this.#control(EPOLL_CTL_MOD, beside);
  }

  /** Whether the kernel watches for a source still: it forgets a file with its last descriptor, whoever closed that. */
  remembers({ fd }: Watched): boolean {
    const first = this.#sources[fd];
    if (first === undefined) return false;
    // EEXIST changes nothing, where EPOLL_CTL_MOD would arm the edge anew.
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

  /** One more waits. */
  enter(source: Watched, mask: number, background: boolean): void {
    this.#waiting++;
    if (background) this.#background++;
    else if (source.holds) this.#holding++;
    // It waits for its turn perhaps, and not for the kernel: the next look wakes it to try.
    if (anyHeldBack()) {
      if (source.note(mask & source.ready)) this.#newsworthy.push(source);
      this.#rouse();
    }
    this.#go();
  }

  /** One less. */
  leave(source: Watched, background: boolean): void {
    this.#waiting--;
    if (background) this.#background--;
    else if (source.holds) this.#holding--;
    this.#rest();
  }

  /** Those who wait for a source keep the process alive, or no longer do. */
  hold(source: Watched, holds: boolean): void {
    if (source.holds === holds) return;
    source.holds = holds;
    this.#holding += holds ? source.holding : -source.holding;
    if (holds) this.#go();
    else if (!this.#held) this.#rouse();
  }

  join(wakeUps: WakeUps): void {
    this.#wakeUps = wakeUps;
  }

  beginWait(): void {
    this.#sleeping++;
    this.#go();
  }

  endWait(): Promise<void> | undefined {
    this.#sleeping--;
    this.#rest();
    return this.atRest();
  }

  /** Ends what nobody waits for any more. */
  #rest(): void {
    if (!this.#held) this.#rouse();
    if (this.#doze !== undefined && !this.#wanted) this.#endDoze();
  }

  /**
   * Settles when nothing is under way that nothing waits for. A parked call that ends takes a moment, and `deno test` counts
   * it as an operation that was left behind.
   */
  atRest(): Promise<void> | undefined {
    return this.#parked === undefined ? undefined : this.#rests ??= this.#untilRest();
  }

  async #untilRest(): Promise<void> {
    // Calls that end together, by one signal say, settle together: in this turn all of them leave. A program that awaits
    // one after the other would else meet an unhandled rejection.
    await new Promise((resolve) => setImmediate(resolve));
    this.#rests = undefined;
    if (!this.#held) await this.#parked;
  }

  /** Wakes the waiters of a source by an event that the kernel does not announce; a parked call ends first. */
  announce(source: Watched, event: number): void {
    const noted = source.note(event);
    if (this.#parked === undefined || source.waiting === 0) return source.tell();
    if (noted) this.#newsworthy.push(source);
    this.#rouse();
  }

  /** Whether somebody wants to be told. */
  get #wanted(): boolean {
    return this.#waiting > (this.#sleeping > 0 ? 0 : this.#background);
  }

  /** Whether the loop may keep the process alive. */
  get #held(): boolean {
    return this.#holding > 0 || this.#sleeping > 0;
  }

  /** Tells all news that the kernel has by now. */
  catchUp(): Promise<void> | undefined {
    if (this.#waiting === 0) return undefined;
    if (this.#parked !== undefined) return this.#unpark();
    if (this.refresh()) this.#tell();
    return undefined;
  }

  /** The same where a parked call may hold events, and may have returned before what came last. */
  async #unpark(): Promise<void> {
    while (this.#parked !== undefined) {
      this.#rouse();
      await this.#parked;
    }
    if (this.refresh()) this.#tell();
  }

  /**
   * Brings every source's `ready` up to date, and answers whether that was possible: a parked call may hold
   * events that it has taken and not delivered. One system call serves all that ask in one run of JavaScript, until a
   * call of this process changes what is ready.
   */
  refresh(): boolean {
    if (this.#parked !== undefined) return false;
    if (this.#refreshed === effects()) return true;
    this.#refreshed = effects();
    queueMicrotask(this.#expire);
    for (;;) {
      const found = this.#libc.epoll_wait(this.#epoll, this.#events, BATCH, 0);
      this.#note(this.#events, found);
      if (found < BATCH) break;
    }
    if (this.#newsworthy.length > 0) this.#go();
    return true;
  }

  #open(): void {
    this.#libc = libc();
    // Any of these may fail (EMFILE): then nothing is open, and the next wait tries again.
    if (this.#eventfd < 0) this.#eventfd = call(this.#libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    const epoll = call(this.#libc.epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    // Edge-triggered: each write is an edge, so that nobody ever has to read it.
    this.#request[0] = POLLIN | EPOLLET;
    this.#request[DATA] = -1;
    call(this.#libc.epoll_ctl(epoll, EPOLL_CTL_ADD, this.#eventfd, this.#request), "epoll_ctl");
    this.#epoll = epoll;
  }

  /** Sees to it that the loop runs, in the way that fits those who wait. */
  #go(): void {
    if (this.#scheduled || this.#parked !== undefined || !this.#wanted) return;
    if (this.#held) {
      this.#scheduled = true;
      if (this.#doze !== undefined) this.#endDoze();
      if (this.#isOthersTurn()) this.#letOthersWork();
      else setImmediate(this.#turn);
    } else if (this.#doze === undefined) {
      // Nobody keeps the process alive, and a parked call would: look from an unref'ed timer.
      this.#doze = setTimeout(this.#turn, Math.min(2 ** this.#idle, LONGEST_DOZE));
      Deno.unrefTimer(this.#doze);
    }
  }

  #endDoze(): void {
    clearTimeout(this.#doze);
    this.#doze = undefined;
  }

  #look(): void {
    this.#scheduled = false;
    permitAll();
    if (this.#doze !== undefined) this.#endDoze();
    if (!this.#wanted) {
      this.#idle = 0;
      return;
    }
    const found = this.#libc.epoll_wait(this.#epoll, this.#events, BATCH, 0);
    this.#note(this.#events, found);
    this.#afterLook();
  }

  #afterLook(): void {
    if (this.#newsworthy.length > 0) {
      this.#idle = 0;
      this.#tell();
    } else this.#idle++;
    if (!this.#wanted) return;
    if (this.#idle < PATIENCE || !this.#held) this.#go();
    else this.#park();
    // Where a peer shares the CPU it is to have it, so that looking again finds its answer: with one connection, client and
    // server on one CPU, 4% more round trips for 10% less of the server's time.
    if (this.#idle > 0 && this.#scheduled) this.#libc.sched_yield();
  }

  /** Whether other backends are busy, and it is their turn. */
  #isOthersTurn(): boolean {
    const { count } = this.#wakeUps;
    if (count !== this.#accountedFor) {
      this.#accountedFor = count;
      this.#turnLength = SHORTEST_TURN;
    } else if (this.#turnLength === 0) return false;
    return performance.now() - this.#turnBegan >= this.#turnLength;
  }

  /** Lets Deno's event loop ask the kernel. */
  #letOthersWork(): void {
    this.#hops = TASKS_PER_DRIVER_POLL;
    setImmediate(this.#hop);
  }

  readonly #hop = (): void => {
    const found = this.#wakeUps.count !== this.#accountedFor;
    if (!found && --this.#hops > 0) {
      setImmediate(this.#hop);
      return;
    }
    if (!found) this.#turnLength = this.#turnLength < LONGEST_TURN ? this.#turnLength * 2 : 0;
    this.#turnBegan = performance.now();
    this.#look();
  };

  /** Ends the loop for good, with the isolate. */
  close(): void {
    if (this.#epoll < 0) return;
    if (this.#parked !== undefined) this.#unparkNow();
    this.#libc.close(this.#epoll);
    this.#libc.close(this.#eventfd);
    this.#epoll = this.#eventfd = -1;
  }

  /**
   * Waits on this very thread until the parked call has returned: it writes into memory that goes with the isolate. It
   * returns within microseconds, and no other call is left to be held up.
   */
  #unparkNow(): void {
    this.#rouse();
    for (let naps = 0; this.#parkedEvents[0] === 0 && naps < LONGEST_NAP_MS; naps++) {
      this.#libc.poll(this.#events, 0, 1);
    }
  }

  #park(): void {
    this.#parkedEvents[0] = 0;
    this.#parked = this.#libc.epoll_wait_parked(this.#epoll, this.#parkedEvents, BATCH, LONGEST_PARK).then((found) => {
      this.#parked = undefined;
      this.#roused = false;
      this.#idle = 0;
      permitAll();
      this.#note(this.#parkedEvents, found);
      this.#tell();
      this.#go();
    });
  }

  /** Ends a parked call, which would keep the process alive. */
  #rouse(): void {
    if (this.#parked === undefined || this.#roused) return;
    this.#roused = true;
    this.#libc.eventfd_write(this.#eventfd, 1n);
  }

  #note(events: Int32Array, found: number): void {
    for (let i = 0, at = 0; i < found; i++, at += WORDS) {
      let source = this.#sources[events[at + DATA]];
      // A late event of a number that was closed, and perhaps used again, meanwhile.
      if (source === undefined || source.generation !== events[at + DATA + 1]) continue;
      for (; source !== undefined; source = source.beside) {
        if (source.note(events[at])) this.#newsworthy.push(source);
      }
    }
  }

  /**
   * All of them in one run: first everybody receives, then, in microtasks, everybody goes on. Letting each go on before
   * the next one receives costs 13% of the echoes with 512 connections.
   */
  #tell(): void {
    const sources = this.#newsworthy;
    if (sources.length === 0) return;
    this.#newsworthy = [];
    const before = this.#wakeUps.count;
    for (const source of sources) source.tell();
    this.#accountedFor += this.#wakeUps.count - before;
  }
}

/** The reactor of this isolate. */
export const reactor: Reactor = new Reactor();
