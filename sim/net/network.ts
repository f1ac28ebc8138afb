// A network: hosts, the links between them, and the timeline.

import { isLoopback, parseLiteral } from "../../base/addresses.ts";
import { Recorder } from "../trace/recorder.ts";
import { Timeline } from "../time/timeline.ts";
import { isAllHosts, isMulticast, isWildcard } from "./addresses.ts";
import { Host } from "./host.ts";
import { checkLinkOptions, IDEAL } from "./link.ts";
import type { LinkOptions } from "./link.ts";
import { Loopback } from "./loopback.ts";
import { isIPv6 } from "./packet.ts";

/** The options of a network. */
export interface NetworkOptions {
  seed: number;
  link: LinkOptions;
  /** Whether packets are kept for the trace. */
  trace: boolean;
  /** The real time in nanoseconds, for a network on the real clock. */
  realNow?: () => number;
}

/** Hosts and the links between them. */
export class Network {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly recorder: Recorder;
  readonly loopback: Loopback = new Loopback(this);
  readonly hosts: Host[] = [];
  /** The options of links that `setLink` has not changed. */
  readonly defaultLink: Required<LinkOptions>;
  readonly #byName = new Map<string, Host>();
  readonly #byAddress = new Map<string, Host>();
  readonly #groups = new Map<string, Set<Host>>();

  constructor({ seed, link, trace, realNow }: NetworkOptions) {
    this.seed = seed;
    this.timeline = new Timeline(seed, realNow);
    this.recorder = new Recorder(trace);
    this.defaultLink = { ...IDEAL, ...checkLinkOptions(link) };
  }

  /** Adds a host. It gets generated addresses if none are given. */
  addHost(name: string, addresses?: readonly string[]): Host {
    checkName(name);
    const key = name.toLowerCase();
    if (this.#byName.has(key)) throw new Error(`there is a host '${name}' already`);
    const own = addresses === undefined ? this.#generateAddresses() : checkHostAddresses(addresses);
    for (const address of own) {
      if (this.#byAddress.has(address)) {
        throw new Error(`host '${this.#byAddress.get(address)!.name}' has the address ${address} already`);
      }
    }
    own.sort((a, b) => Number(isIPv6(a)) - Number(isIPv6(b)));
    const host = new Host(this, name, own);
    this.hosts.push(host);
    this.#byName.set(key, host);
    for (const address of own) this.#byAddress.set(address, host);
    return host;
  }

  /** Generates addresses: 10.0.0.1 and fd00::1 for the first host, and so on. */
  #generateAddresses(): string[] {
    for (let number = this.hosts.length + 1;; number++) {
      // A last byte of 0 or 255 would look like a network's address or its broadcast address.
      const low = (number - 1) % 254 + 1;
      const high = Math.floor((number - 1) / 254);
      if (high > 0xffff) throw new Error("a network has 16 million hosts at most");
      const made = [
        `10.${high >> 8}.${high & 0xff}.${low}`,
        `fd00::${high > 0 ? `${high.toString(16)}:` : ""}${low.toString(16)}`,
      ];
      if (made.every((address) => !this.#byAddress.has(address))) return made;
    }
  }

  /** Returns the host with a name. */
  named(name: string): Host | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  /** Returns the host with an address. */
  route(address: string): Host | undefined {
    return this.#byAddress.get(address);
  }

  /** Returns the hosts in a multicast group. */
  members(group: string): Iterable<Host> {
    if (isAllHosts(group)) return this.hosts.filter((host) => host.addressLike(group) !== undefined);
    return this.#groups.get(group) ?? [];
  }

  /** Adds a host to a multicast group, or removes it. */
  setMember(group: string, host: Host, isMember: boolean): void {
    const members = this.#groups.get(group);
    if (!isMember) members?.delete(host);
    else if (members === undefined) this.#groups.set(group, new Set([host]));
    else members.add(host);
  }

  /** Changes the options of the link between two hosts, in both directions. They were checked. */
  setLink(a: Host, b: Host, options: LinkOptions): void {
    for (const link of [a.linkTo(b), b.linkTo(a)]) link.change(options);
  }

  /** Cuts the link from one host to another, or restores it. */
  setCut(from: Host, to: Host, cut: boolean): void {
    from.linkTo(to).setCut(cut);
  }
}

function checkName(name: string): void {
  if (typeof name !== "string") throw new TypeError(`a host's name must be a string, not ${typeof name}`);
  if (!/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i.test(name) || name.length > 253) {
    throw new RangeError(`'${name}' is no host name: letters, digits, '-', '_' and '.'`);
  }
  if (name.toLowerCase() === "localhost" || parseLiteral(name) !== undefined) {
    throw new RangeError(`a host cannot have the name '${name}'`);
  }
}

function checkHostAddresses(addresses: readonly string[]): string[] {
  if (!Array.isArray(addresses)) throw new TypeError("a host's addresses must be a list of strings");
  if (addresses.length === 0) throw new RangeError("a host must have an address");
  const checked = addresses.map(checkHostAddress);
  const doubled = checked.find((address, place) => checked.indexOf(address) < place);
  if (doubled !== undefined) throw new RangeError(`the address ${doubled} is given twice`);
  return checked;
}

function checkHostAddress(address: string): string {
  if (typeof address !== "string") throw new TypeError(`an address must be a string, not ${typeof address}`);
  const host = parseLiteral(address)?.host;
  if (host === undefined) throw new RangeError(`'${address}' is no IP address`);
  if (isLoopback(host) || isWildcard(host) || isMulticast(host) || host === "255.255.255.255") {
    throw new RangeError(`a host cannot have the address ${address}`);
  }
  return host;
}
