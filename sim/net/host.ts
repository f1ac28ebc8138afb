// A host: its name, its addresses, its links, and the kernel that runs on it.

import { hashText, Random } from "../random.ts";
import { Kernel } from "./kernel.ts";
import { Link } from "./link.ts";
import { isIPv6 } from "./packet.ts";
import type { Packet } from "./packet.ts";
import type { Network } from "./network.ts";

/** The purpose of the random sequence of a host's links. */
const LINKS = 0x11bc;

/** A host of a network. It stays the same when it crashes and starts again; its kernel does not. */
export class Host {
  readonly network: Network;
  readonly name: string;
  /** Its addresses, IPv4 first. */
  readonly addresses: readonly string[];
  /** A number that belongs to the name. */
  readonly hash: number;
  /** Decides the losses and delays of what it sends: other hosts' traffic changes nothing here. */
  readonly dice: Random;
  /** What runs on it, or ran until it crashed. */
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

  /** Starts it anew, with a new kernel. */
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

  /** Takes a packet that a link has brought. */
  receive(packet: Packet): void {
    this.network.loopback.during(() => this.kernel.receive(packet));
  }
}
