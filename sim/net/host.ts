// A host: its name, its addresses, its links, and the kernel that runs on it.

import { hashText, Random } from "../random.ts";
import { Kernel } from "./kernel.ts";
import { Link } from "./link.ts";
import { isIPv6 } from "./packet.ts";
import type { Packet } from "./packet.ts";
import type { Network } from "./network.ts";

/** Selects the random sequence of a host's links (see `Random`). */
const LINKS = 0x11bc;

/** A host of a network. After a crash and a restart it is the same object, with a new kernel. */
export class Host {
  readonly network: Network;
  readonly name: string;
  /** Its addresses, IPv4 first. */
  readonly addresses: readonly string[];
  /** The hash of the name: it selects the host's random sequences. */
  readonly hash: number;
  /** The random numbers for losses and delays of the packets that it sends. Each host has its own sequence. */
  readonly linkRandom: Random;
  /** The kernel. After a crash it is the stopped kernel. */
  kernel: Kernel;
  /** How many seconds its wall clock is ahead. */
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
    this.linkRandom = new Random(network.seed, this.hash ^ LINKS);
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

  /** Returns its first address of the same family as another address; undefined if it has none. */
  addressLike(address: string): string | undefined {
    return isIPv6(address) ? this.#ipv6 : this.#ipv4;
  }

  /** Returns the link to another host, in that direction. A new link has the default options of the network. */
  linkTo(to: Host): Link {
    let link = this.#links.get(to);
    if (link === undefined) this.#links.set(to, link = new Link(this, to, this.network.defaultLink));
    return link;
  }

  /** Handles a packet that has arrived over a link. */
  receive(packet: Packet): void {
    this.network.loopback.deferPackets(() => this.kernel.receive(packet));
  }
}
