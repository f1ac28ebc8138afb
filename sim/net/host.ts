// A host: its name, its addresses, its links, and the kernel that runs on it.

import { hashText, Random } from "../random.ts";
import { Kernel } from "./kernel.ts";
import { Link } from "./link.ts";
import { isIPv6 } from "./packet.ts";
import type { Packet } from "./packet.ts";
import type { Network } from "./network.ts";

/** Selects the random sequence of a host's links (see `Random`). */
const LINKS = 0x11bc;

/** A host of a network. It stays the same when it crashes and starts again; its kernel does not. */
export class Host {
  readonly network: Network;
  readonly name: string;
  /** Its addresses, IPv4 first. */
  readonly addresses: readonly string[];
  /** The hash of the name: it selects the host's random sequences. */
  readonly hash: number;
  /** The random numbers for the losses and delays of what it sends. Traffic of other hosts does not change them. */
  readonly dice: Random;
  /** The kernel that runs on it. After a crash it is the kernel that has stopped. */
  kernel: Kernel;
  /** How far its wall clock is ahead, in seconds. */
  skew = 0;
  readonly #links = new Map<Host, Link>();
  readonly #ipv4: string | undefined;
  readonly #ipv6: string | undefined;
  #boots = 0;

  constructor(network: Network, name: string, addresses: readonly string[]) {
    this.network = network;
    this.name = name;
    this.addresses = addresses;
    this.#ipv4 = addresses.find((address) => !isIPv6(address));
    this.#ipv6 = addresses.find(isIPv6);
    this.hash = hashText(name);
    this.dice = new Random(network.seed, this.hash ^ LINKS);
    this.kernel = new Kernel(this, this.#boots);
  }

  /** Whether it runs. */
  get isUp(): boolean {
    return this.kernel.isUp;
  }

  /** Starts it with a new kernel. */
  boot(): void {
    this.kernel = new Kernel(this, ++this.#boots);
  }

  /** Its first address in the family of another one; undefined if it has none. */
  addressLike(address: string): string | undefined {
    return isIPv6(address) ? this.#ipv6 : this.#ipv4;
  }

  /** The direction of the link that leads to another host. Links without options of their own have the network's. */
  linkTo(to: Host): Link {
    let link = this.#links.get(to);
    if (link === undefined) this.#links.set(to, link = new Link(this, to, this.network.defaultLink));
    return link;
  }

  /** Takes a packet that has arrived over a link. */
  receive(packet: Packet): void {
    this.network.loopback.during(() => this.kernel.receive(packet));
  }
}
