// Virtual versions of the globals for time and random numbers. Programs need them that use these globals instead of their
// context. Globals belong to the whole process, so only one run at a time can replace them.

import type { Kernel } from "../net/kernel.ts";
import { Random } from "../random.ts";
import { Timer } from "../time/timer.ts";
import type { Timeline } from "../time/timeline.ts";
import { MILLISECOND } from "../time/units.ts";
import { CurrentKernel } from "./current_kernel.ts";

/** Selects the random sequence of Math.random (see `Random`). */
const MATH = 0x3a7b;

type Globals = Record<string, unknown>;

/** The longest delay in milliseconds. Runtimes use 1 ms for a longer one. */
const LONGEST = 2 ** 31 - 1;

/** The result of setTimeout. It converts to a number as in browsers, and has the methods of Node's timers. */
class Handle {
  /** The kernel whose program has set the timer; undefined if `main` has. */
  readonly owner: Kernel | undefined;
  readonly #id: number;
  readonly #timer: Timer;
  readonly #delay: number;
  /** The handles of the run whose timers are set. */
  readonly #handles: Map<number, Handle>;
  #isReferenced = true;
  #isClosed = false;

  /** Sets the timer. */
  constructor(owner: Kernel | undefined, id: number, timer: Timer, delay: number, handles: Map<number, Handle>) {
    this.owner = owner;
    this.#id = id;
    this.#timer = timer;
    this.#delay = delay;
    this.#handles = handles;
    this.refresh();
  }
  [Symbol.toPrimitive](): number {
    return this.#id;
  }
  hasRef(): boolean {
    return this.#isReferenced;
  }
  ref(): this {
    this.#isReferenced = true;
    this.#timer.kind = "progress";
    return this;
  }
  unref(): this {
    this.#isReferenced = false;
    this.#timer.kind = "background";
    return this;
  }
  /** Sets the timer again, also if it has fired. A cleared timer stays cleared, as does one of a crashed host. */
  refresh(): this {
    if (this.#isClosed || this.owner?.isUp === false) return this;
    this.#timer.set(this.#delay);
    this.#handles.set(this.#id, this);
    return this;
  }
  close(): this {
    this.#isClosed = true;
    this.#timer.clear();
    this.#handles.delete(this.#id);
    return this;
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

let taken = false;

/** The virtual globals of one run. */
export class VirtualGlobals {
  readonly #timeline: Timeline;
  readonly #epoch: number;
  readonly #handles = new Map<number, Handle>();
  readonly #saved: [object: Globals, name: string, descriptor: PropertyDescriptor | undefined][] = [];
  readonly #current = new CurrentKernel();
  #nextId = 1;

  /** `epoch` is the start in seconds since 1970. */
  constructor(timeline: Timeline, epoch: number, seed: number) {
    this.#timeline = timeline;
    this.#epoch = epoch;
    const random = new Random(seed, MATH);
    const { performance, Math, AbortSignal } = globalThis as unknown as Record<string, Globals>;
    this.#put(globalThis, "setTimeout", (...args: unknown[]) => this.#setTimer(args, "once"));
    this.#put(globalThis, "setInterval", (...args: unknown[]) => this.#setTimer(args, "repeatedly"));
    this.#put(
      globalThis,
      "setImmediate",
      (callback: unknown, ...args: unknown[]) => this.#setTimer([callback, 0, ...args], "once"),
    );
    const clear = (handle: unknown) => this.#clear(handle);
    for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) this.#put(globalThis, name, clear);
    this.#put(globalThis, "Date", this.#date(Date));
    this.#put(performance, "now", () => timeline.now / MILLISECOND);
    this.#put(Math, "random", () => random.next());
    this.#put(AbortSignal, "timeout", (delay: number) => this.#abortAfter(delay));
  }

  #put(object: object, name: string, value: unknown): void {
    if (!(name in object)) return;
    this.#saved.push([object as Globals, name, Object.getOwnPropertyDescriptor(object, name)]);
    Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable: false });
  }

  /** Starts a program of a kernel. Its timers belong to that kernel, and its Date has the skew of that host. */
  startOn<T>(kernel: Kernel, program: () => T): T {
    return this.#current.run(kernel, program);
  }

  /** Clears the timers of a kernel's programs. */
  crashed(kernel: Kernel): void {
    for (const handle of this.#handles.values()) if (handle.owner === kernel) handle.close();
  }

  /** Restores the real globals. Pending timers never fire. */
  restore(): void {
    for (const [object, name, descriptor] of this.#saved.reverse()) {
      if (descriptor === undefined) delete object[name];
      else Object.defineProperty(object, name, descriptor);
    }
    for (const handle of this.#handles.values()) handle.close();
    this.#current.end();
    taken = false;
  }

  #setTimer([callback, delay = 0, ...args]: unknown[], how: "once" | "repeatedly"): Handle {
    if (typeof callback !== "function") throw new TypeError("the callback must be a function");
    const id = this.#nextId++;
    const milliseconds = Math.max(Number(delay) || 0, how === "once" ? 0 : 1);
    const wait = Math.round((milliseconds > LONGEST ? 1 : milliseconds) * MILLISECOND);
    const owner = this.#current.value;
    const timer = new Timer(this.#timeline, () => {
      if (handle.hasRef()) this.#timeline.woken = true;
      else this.#timeline.ticked = true;
      if (how === "once") this.#handles.delete(id);
      else timer.set(wait);
      this.#current.run(owner, () => callback(...args));
    });
    const handle = new Handle(owner, id, timer, wait, this.#handles);
    return handle;
  }

  #clear(handle: unknown): void {
    if (handle instanceof Handle) handle.close();
    else this.#handles.get(Number(handle as number))?.close();
  }

  #abortAfter(delay: number): AbortSignal {
    const controller = new AbortController();
    this.#setTimer([() => controller.abort(new DOMException("Signal timed out.", "TimeoutError")), delay], "once");
    return controller.signal;
  }

  /** The milliseconds since 1970. */
  get #wallClock(): number {
    const skew = this.#current.value?.host.skew ?? 0;
    return Math.floor((this.#epoch + skew) * 1000 + this.#timeline.now / MILLISECOND);
  }

  /** Makes a Date class whose current time is virtual. */
  #date(RealDate: DateConstructor): unknown {
    const now = () => this.#wallClock;
    return new Proxy(RealDate, {
      construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
      apply: () => new RealDate(now()).toString(),
      get: (target, name, receiver) => name === "now" ? now : Reflect.get(target, name, receiver),
    });
  }
}

/** Replaces the globals. Throws if another run has replaced them. */
export function takeGlobals(timeline: Timeline, epoch: number, seed: number): VirtualGlobals {
  if (taken) throw new Error("another simulation has made the globals virtual; one at a time can");
  taken = true;
  return new VirtualGlobals(timeline, epoch, seed);
}
