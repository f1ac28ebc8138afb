// simulate: one run of a network in virtual time.

import type { Kernel } from "../net/kernel.ts";
import { Network } from "../net/network.ts";
import type { LinkOptions } from "../net/link.ts";
import { OutsideWaits } from "../time/outside.ts";
import type { Timeline } from "../time/timeline.ts";
import { fromSeconds, toSeconds } from "../time/units.ts";
import { runVirtually } from "../time/virtual.ts";
import type { StopReason } from "../time/virtual.ts";
import { Trace } from "../trace/trace.ts";
import { checkNames, checkSeed } from "./arguments.ts";
import { describeWaits } from "./deadlock.ts";
import { failureOf, noteRun } from "./failure.ts";
import { takeGlobals } from "./globals.ts";
import type { VirtualGlobals } from "./globals.ts";
import { Net } from "./net.ts";
import type { RunningProgram } from "./program.ts";
import type { Supervisor } from "./supervisor.ts";

/** The options of {@linkcode simulate}. */
export interface SimulateOptions {
  /** The number that decides all random choices: losses, jitter, the order of simultaneous events. 1 by default. */
  seed?: number;
  /** The virtual seconds after which the run fails. Infinity by default. */
  limit?: number;
  /** The options of links that `net.link` did not set. By default a link has no delay, no loss and no limit. */
  link?: LinkOptions;
  /** Whether packets are kept. True by default. */
  trace?: boolean;
  /** The start of the run in seconds since 1970, for wall clocks and captures. 1,700,000,000 by default. */
  epoch?: number;
  /**
   * Whether the global timers, Date, performance.now, AbortSignal.timeout and Math.random are virtual and seeded during
   * the run, for programs that use them. Only one run at a time can replace them. False by default.
   */
  globals?: boolean;
  /**
   * A function that is called after each event, and when all programs wait. A page can draw the run with it. A test can
   * check a condition at every moment. The function may read the time, the packets and the sockets of hosts, and must not
   * change anything. If it throws, the run fails with that error.
   */
  observe?: (net: Net) => void;
}

/** The names of the options. */
export const SIMULATE_OPTIONS: readonly string[] = ["seed", "limit", "link", "trace", "epoch", "globals", "observe"];

/** The default start, in November 2023. */
const EPOCH = 1_700_000_000;

/** A run that has ended. */
export class Run<T = unknown> extends Trace {
  /** The result of `main`; undefined in a run that failed. */
  readonly value: T | undefined;
  /** The seed. */
  readonly seed: number;
  /** The virtual time at its end, in seconds. */
  readonly time: number;
  /** How many events there were: arrivals of packets, and timers. */
  readonly events: number;

  /** Made by {@linkcode simulate}. */
  constructor(network: Network, epoch: number, value: T | undefined) {
    super(network.recorder, epoch, (name) => network.named(name));
    this.value = value;
    this.seed = network.seed;
    this.time = toSeconds(network.timeline.now);
    this.events = network.timeline.count;
  }
}

/** The network of a run. The run stops it at its end. */
class RunNet extends Net {
  override stop(): void {
    super.stop();
  }
}

/** Tracks the programs of a run and their outcome. */
class RunSupervisor implements Supervisor {
  readonly outside: OutsideWaits = new OutsideWaits();
  /** The times of garbage collections are not deterministic. Closing collected sockets would make runs differ. */
  readonly collected = "kept";
  readonly epoch: number;
  /** The programs of `host.run`. The run ends when all of them have ended. */
  readonly awaited = new Set<RunningProgram>();
  /** The programs of `host.serve`. */
  readonly serving = new Set<RunningProgram>();
  mainRuns = true;
  failure: { error: unknown; time: number } | undefined;
  globals: VirtualGlobals | undefined;
  readonly #timeline: Timeline;

  constructor(timeline: Timeline, epoch: number) {
    this.#timeline = timeline;
    this.epoch = epoch;
  }

  get isOver(): boolean {
    return this.failure !== undefined || (!this.mainRuns && this.awaited.size === 0);
  }

  started(running: RunningProgram, counts: boolean): void {
    (counts ? this.awaited : this.serving).add(running);
  }
  ended(running: RunningProgram): void {
    this.awaited.delete(running);
    this.serving.delete(running);
    this.#timeline.woken = true;
  }
  failed(_running: RunningProgram | null, error: unknown): void {
    // Only the first failure is reported.
    this.failure ??= { error, time: toSeconds(this.#timeline.now) };
    this.#timeline.woken = true;
  }
  startOn<T>(kernel: Kernel, program: () => T): T {
    return this.globals === undefined ? program() : this.globals.startOn(kernel, program);
  }
  crashed(kernel: Kernel): void {
    this.globals?.crashed(kernel);
  }
}

function stopError(why: StopReason, network: Network, supervisor: RunSupervisor, limit: number): Error {
  const waits = describeWaits(network, [...supervisor.awaited, ...supervisor.serving], supervisor.mainRuns);
  switch (why) {
    case "deadlock":
      return new Error(
        `deadlock: every program waits, and nothing can happen any more\n${waits}\n` +
          "  A program that waits for something outside of the simulation wraps it in net.outside(promise).",
      );
    case "limit":
      return new Error(`not done after ${limit} s, the limit\n${waits}`);
    case "no time passes":
      return new Error(`no time passes: a million events at one moment\n${waits}`);
  }
}

/**
 * Runs a network in virtual time. The clock stands still while a program can run. When all programs wait, it jumps to the
 * next event. So an hour of waiting takes no real time. The same seed gives the same run, packet by packet, on every
 * JavaScript runtime.
 *
 * The run ends when `main` and all programs of `host.run` have ended. If one of them fails, the run ends, and the promise
 * rejects with that error. The message then has the seed and the virtual time. If no event is left and programs still wait,
 * the run fails with an error that lists the waiting sockets.
 *
 * @example
 * ```ts
 * import { simulate } from "@berkeley/socket/sim";
 * import assert from "node:assert/strict";
 *
 * const run = await simulate({ seed: 7, link: { latency: 0.04, loss: 0.02 }, limit: 60 }, async (net) => {
 *   net.host("server").serve(async ({ socket }) => {
 *     for await (const [conn] of socket.create_server(["", 7000])) await conn.sendall("hello");
 *   });
 *   const received = await net.host("client").run(async ({ socket }) => {
 *     const sock = await socket.create_connection(["server", 7000]);
 *     return new TextDecoder().decode(await sock.recv(100));
 *   });
 *   assert.equal(received, "hello");
 * });
 * assert.ok(run.time >= 0.12); // three ways
 * ```
 */
export async function simulate<T>(
  options: SimulateOptions,
  main: (net: Net) => T | PromiseLike<T>,
): Promise<Run<T>> {
  checkNames(options, SIMULATE_OPTIONS, "simulate");
  if (typeof main !== "function") throw new TypeError("simulate(): main must be a function");
  const { seed = 1, limit = Infinity, link = {}, trace = true, epoch = EPOCH, globals = false, observe } = options;
  if (typeof limit !== "number") throw new TypeError("simulate(): limit must be a number");
  if (!(limit > 0)) throw new RangeError("simulate(): limit must be more than 0 seconds");
  if (observe !== undefined && typeof observe !== "function") {
    throw new TypeError("simulate(): observe must be a function");
  }
  if (typeof epoch !== "number") throw new TypeError("simulate(): epoch must be a number");
  if (!Number.isFinite(epoch)) throw new RangeError("simulate(): epoch must be finite");
  const network = new Network({ seed: checkSeed(seed, "simulate"), link, trace });
  const { timeline } = network;
  const supervisor = new RunSupervisor(timeline, epoch);
  const net = new RunNet(network, supervisor);
  if (globals) supervisor.globals = takeGlobals(timeline, epoch, network.seed);
  let value: T | undefined;
  try {
    Promise.resolve().then(() => main(net)).then((result) => value = result, (error) => supervisor.failed(null, error))
      .finally(() => supervisor.mainRuns = false);
    const why = await runVirtually(
      timeline,
      supervisor.outside,
      fromSeconds(limit),
      () => supervisor.isOver,
      () => observe?.(net),
    );
    if (why === "limit") timeline.passUntil(fromSeconds(limit));
    if (why !== undefined) supervisor.failed(null, stopError(why, network, supervisor, limit));
  } catch (error) {
    // `observe` or the callback of a global timer has thrown.
    supervisor.failed(null, error);
  } finally {
    supervisor.globals?.restore();
    net.stop();
  }
  const run = new Run(network, epoch, value);
  if (supervisor.failure === undefined) return run;
  throw noteRun(failureOf(supervisor.failure.error, network.seed, supervisor.failure.time), run);
}
