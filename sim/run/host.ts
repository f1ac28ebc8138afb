// The public class of a host.

import type { Numbers } from "../../core/descriptors.ts";
import { HostBackend } from "../net/backend.ts";
import type { Host as Machine } from "../net/host.ts";
import type { SocketInfo } from "../net/socket_info.ts";
import { infoOf } from "../tcp/socket.ts";
import { HostClock } from "../time/host_clock.ts";
import { fromSeconds, toSeconds } from "../time/units.ts";
import { checkSeconds } from "./arguments.ts";
import { makeHostModule } from "./module.ts";
import type { SocketModule } from "./module.ts";
import { labelOfProgram } from "./program.ts";
import type { Program, ProgramContext, RunningProgram } from "./program.ts";
import type { Supervisor } from "./supervisor.ts";

/** The state of a host from one start to its next crash. */
interface Boot {
  readonly clock: HostClock;
  readonly module: SocketModule;
  /** The running programs. Each has a function that rejects its promise at a crash of the host. */
  readonly programs: Map<RunningProgram, (error: Error) => void>;
}

/** A host of a simulated network. */
export class Host {
  readonly #machine: Machine;
  readonly #supervisor: Supervisor;
  readonly #numbers: Numbers;
  readonly #served: Program[] = [];
  #boot: Boot;

  /** Made by `net.host`. */
  constructor(machine: Machine, supervisor: Supervisor, numbers: Numbers) {
    this.#machine = machine;
    this.#supervisor = supervisor;
    this.#numbers = numbers;
    this.#boot = this.#start();
  }

  #start(): Boot {
    const { kernel } = this.#machine;
    const clock = new HostClock(kernel.timeline);
    const module = makeHostModule(clock, this.#numbers, this.#supervisor.collected, new HostBackend(kernel));
    return { clock, module, programs: new Map() };
  }

  /** Its name. All hosts can look it up. */
  get name(): string {
    return this.#machine.name;
  }

  /** Its addresses, IPv4 first. */
  get addresses(): readonly string[] {
    return this.#machine.addresses;
  }

  /** Whether it runs: false between `crash` and `restart`. */
  get isUp(): boolean {
    return this.#machine.isUp;
  }

  /** Its socket module: the same names as `@berkeley/socket`. A restarted host has a new one. */
  get socket(): SocketModule {
    return this.#boot.module;
  }

  /**
   * Starts a program and returns a promise of its result. The promise need not be awaited. The run does not end before
   * the program, and fails if the program fails. If the host crashes, the program counts as ended and the promise rejects.
   * If the run fails elsewhere or reaches its limit, the promise stays pending.
   *
   * @throws {Error} if the host has crashed and was not restarted.
   */
  run<T>(program: Program<T>): Promise<T> {
    return this.#launch(program, "run");
  }

  /**
   * Starts a program that may never end, such as a server. The run does not wait for it, and stops it at its end. If the
   * program fails, the run fails. `restart` starts the program again.
   *
   * @throws {Error} if the host has crashed and was not restarted.
   */
  serve(program: Program): void {
    this.#launch(program, "serve");
    this.#served.push(program);
  }

  #launch<T>(program: Program<T>, how: "run" | "serve"): Promise<T> {
    if (typeof program !== "function") throw new TypeError("a program must be a function");
    if (!this.isUp) throw new Error(`host '${this.name}' has crashed; restart() starts it again`);
    const boot = this.#boot;
    const { kernel } = this.#machine;
    const running: RunningProgram = { host: this.name, label: labelOfProgram(how, program) };
    const outcome = new Promise<T>((resolve, reject) => {
      boot.programs.set(running, reject);
      this.#supervisor.started(running, how === "run");
      // In a microtask: the program must not start before this call has returned.
      const start = () => {
        // The host has crashed before the program could start.
        if (!kernel.isUp) return new Promise<never>(() => {});
        return this.#supervisor.startOn(kernel, () => program(this.#contextOf(boot)));
      };
      Promise.resolve().then(start).then((result) => {
        if (!boot.programs.delete(running)) return;
        this.#supervisor.ended(running);
        resolve(result);
      }, (error) => {
        if (!boot.programs.delete(running)) return;
        this.#supervisor.ended(running);
        this.#supervisor.failed(running, error);
        reject(error);
      });
    });
    outcome.catch(() => {});
    return outcome;
  }

  #contextOf({ clock, module }: Boot): ProgramContext {
    const { kernel } = this.#machine;
    return {
      socket: module,
      host: this,
      sleep: (seconds) => clock.sleep(fromSeconds(checkSeconds(seconds, "sleep"))),
      time: () => this.#supervisor.epoch + this.#machine.skew + toSeconds(kernel.timeline.now),
      random: () => kernel.random.next(),
      outside: (promise) => this.#supervisor.outside.wait(promise),
    };
  }

  /**
   * Crashes the host. Its sockets end, and nothing is sent to their peers. Its programs count as ended, and their pending
   * calls never settle. Packets to the host are dropped. Nothing happens if the host has crashed already.
   */
  crash(): void {
    if (!this.isUp) return;
    const { clock, programs } = this.#boot;
    // Main does not continue after a failure, so it could not handle a rejection.
    const { isOver } = this.#supervisor;
    const { kernel } = this.#machine;
    clock.stop();
    kernel.crash();
    this.#supervisor.crashed(kernel);
    for (const [running, reject] of programs) {
      this.#supervisor.ended(running);
      if (!isOver) reject(new Error(`host '${this.name}' crashed`));
    }
    programs.clear();
  }

  /** Restarts the host. If it runs, it crashes first. It has no open sockets then. The programs of `serve` start again. */
  restart(): void {
    this.crash();
    this.#machine.boot();
    this.#boot = this.#start();
    for (const program of this.#served) this.#launch(program, "serve");
  }

  /** Sets how many seconds the host's wall clock is ahead of the run's. With a negative number it is behind. */
  skew(seconds: number): void {
    if (typeof seconds !== "number") throw new TypeError("skew(): seconds must be a number");
    if (!Number.isFinite(seconds)) throw new RangeError("skew(): seconds must be finite");
    this.#machine.skew = seconds;
  }

  /**
   * Returns the list of its sockets, as the program `ss` shows it. It includes connections without a socket: those that
   * wait for accept, and those that were closed and have not ended yet.
   */
  sockets(): SocketInfo[] {
    const { kernel } = this.#machine;
    const unowned = [...kernel.tcp.connections].filter(({ owner }) => owner === null);
    return [
      ...[...kernel.sockets].map((socket) => socket.info()),
      ...unowned.map((connection) => infoOf(connection, connection.receiver.length)),
    ];
  }

  /** Removes the file of a Unix socket, as unlink(2) does. Returns whether there was one. */
  unlink(path: string | Uint8Array): boolean {
    return this.#machine.kernel.unix.unlink(path);
  }
}
