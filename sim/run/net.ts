// The public class of a network.

import { simulationNumbers } from "../../core/descriptors.ts";
import type { Numbers } from "../../core/descriptors.ts";
import { checkLinkOptions } from "../net/link.ts";
import type { LinkOptions } from "../net/link.ts";
import type { Host as Machine } from "../net/host.ts";
import type { Network } from "../net/network.ts";
import { Random } from "../random.ts";
import { HostClock } from "../time/host_clock.ts";
import { fromSeconds, toSeconds } from "../time/units.ts";
import { Trace } from "../trace/trace.ts";
import { checkNames, checkSeconds } from "./arguments.ts";
import { Host } from "./host.ts";
import type { Supervisor } from "./supervisor.ts";

/** A host, its name, or a list of both. */
export type Hosts = string | Host | readonly (string | Host)[];

/** The options of `net.host`. */
export interface HostOptions {
  /** Its IPv4 and IPv6 addresses. By default it has one of each. */
  addresses?: readonly string[];
}

/** The options of `net.partition` and `net.heal`. */
export interface PartitionOptions {
  /** Whether only the direction from the first hosts to the second is affected. */
  oneWay?: boolean;
}

/** Selects the random sequence of `net.random` (see `Random`). */
const PROGRAM = 0x9a0e;

/** A simulated network. */
export class Net extends Trace {
  readonly #network: Network;
  readonly #supervisor: Supervisor;
  readonly #hosts = new Map<Machine, Host>();
  readonly #numbers: Numbers = simulationNumbers();
  readonly #random: Random;
  readonly #clock: HostClock;

  /** Made by `simulate` and `World`. */
  constructor(network: Network, supervisor: Supervisor) {
    super(network.recorder, supervisor.epoch, (name) => network.named(name));
    this.#network = network;
    this.#supervisor = supervisor;
    this.#random = new Random(network.seed, PROGRAM);
    this.#clock = new HostClock(network.timeline);
  }

  /**
   * Adds a host, or returns the host with that name. All hosts can look up its name.
   *
   * @throws {RangeError} for an invalid host name or address.
   * @throws {Error} if another host has an address.
   */
  host(name: string, options: HostOptions = {}): Host {
    checkNames(options, ["addresses"], "host");
    const known = typeof name === "string" ? this.#network.named(name) : undefined;
    if (known !== undefined) {
      if (options.addresses !== undefined) throw new Error(`there is a host '${name}' already`);
      return this.#hosts.get(known)!;
    }
    const machine = this.#network.addHost(name, options.addresses);
    const host = new Host(machine, this.#supervisor, this.#numbers);
    this.#hosts.set(machine, host);
    return host;
  }

  /** All hosts, in the order in which they were added. */
  get hosts(): readonly Host[] {
    return [...this.#hosts.values()];
  }

  #machines(hosts: Hosts): Machine[] {
    const list = Array.isArray(hosts) ? hosts : [hosts];
    return list.map((one) => {
      if (typeof one !== "string" && !(one instanceof Host)) {
        throw new TypeError(`a host must be a Host or its name, not ${one === null ? "null" : typeof one}`);
      }
      const found = this.#network.named(typeof one === "string" ? one : one.name);
      if (found === undefined) throw new RangeError(`there is no host '${one}'`);
      return found;
    });
  }

  /** Returns all pairs of a host of the first group and a host of the second. */
  #pairs(these: Hosts, those: Hosts): [Machine, Machine][] {
    const [ours, others] = [this.#machines(these), this.#machines(those)];
    const pairs = ours.flatMap((a) => others.filter((b) => b !== a).map((b): [Machine, Machine] => [a, b]));
    if (pairs.length === 0 && ours.length > 0 && others.length > 0) {
      throw new RangeError(`host '${ours[0].name}' has no link to itself`);
    }
    return pairs;
  }

  /**
   * Changes options of the links between hosts, in both directions. Options that are not given do not change. Packets that
   * are under way are not affected.
   *
   * @throws {RangeError} for a value out of range.
   * @throws {TypeError} for an unknown option.
   */
  link(these: Hosts, those: Hosts, options: LinkOptions): void {
    const checked = checkLinkOptions(options);
    for (const [a, b] of this.#pairs(these, those)) this.#network.setLink(a, b, checked);
  }

  /** Cuts the links between hosts. Packets that are under way or sent later are lost. No host gets an error. */
  partition(these: Hosts, those: Hosts, options: PartitionOptions = {}): void {
    this.#cut(these, those, true, options, "partition");
  }

  /** Ends a partition between hosts. */
  heal(these: Hosts, those: Hosts, options: PartitionOptions = {}): void {
    this.#cut(these, those, false, options, "heal");
  }

  #cut(these: Hosts, those: Hosts, cut: boolean, options: PartitionOptions, call: string): void {
    checkNames(options, ["oneWay"], call);
    if (options.oneWay !== undefined && typeof options.oneWay !== "boolean") {
      throw new TypeError(`${call}(): oneWay must be a boolean`);
    }
    for (const [a, b] of this.#pairs(these, those)) {
      this.#network.setCut(a, b, cut);
      if (options.oneWay !== true) this.#network.setCut(b, a, cut);
    }
  }

  /** Waits for some seconds of virtual time; in a `World`, of real time. */
  sleep(seconds: number): Promise<void> {
    return this.#clock.sleep(fromSeconds(checkSeconds(seconds, "sleep")));
  }

  /** The time since the start, in seconds. */
  get time(): number {
    return toSeconds(this.#network.timeline.now);
  }

  /** The seed. */
  get seed(): number {
    return this.#network.seed;
  }

  /** Returns a random number that is at least 0 and less than 1. The seed decides it. */
  random(): number {
    return this.#random.next();
  }

  /**
   * Waits for something outside of the simulation, such as a file, fetch or an import. Virtual time stands still until
   * the promise settles.
   */
  outside<T>(promise: PromiseLike<T>): Promise<T> {
    return this.#supervisor.outside.wait(promise);
  }

  /** Crashes all hosts and stops the clock. After that, no event of this network happens. */
  protected stop(): void {
    for (const host of this.#hosts.values()) host.crash();
    this.#clock.stop();
    this.#network.timeline.stop();
  }
}
