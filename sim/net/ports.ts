// The ports of a host for one protocol: what may be bound beside what, and which socket a packet is for.

import { AF_INET6 } from "../../base/constants.ts";
import { errorFor } from "../../base/errors.ts";
import { hashText } from "../random.ts";
import type { Random } from "../random.ts";
import { isWildcard } from "./addresses.ts";
import { isIPv6 } from "./packet.ts";

/** What holds a port. */
export interface Holder {
  readonly family: number;
  /** The address that it is bound to, IPv4 addresses of IPv6 sockets as IPv4. */
  readonly host: string;
  readonly port: number;
  /** SO_REUSEADDR. */
  readonly reusesAddress: boolean;
  /** SO_REUSEPORT. */
  readonly reusesPort: boolean;
  /** IPV6_V6ONLY. */
  readonly onlyIPv6: boolean;
  /** Whether it listens: nothing that listens shares its address by SO_REUSEADDR. */
  readonly listens: boolean;
}

/** Where a packet comes from and goes to. */
interface Addressed {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

/** Linux's range of ports that are given out (net.ipv4.ip_local_port_range). */
const FIRST_EPHEMERAL = 32768;
const LAST_EPHEMERAL = 60999;
const EPHEMERAL_COUNT = LAST_EPHEMERAL - FIRST_EPHEMERAL + 1;

/** Whether a holder's address covers an address of a packet. */
function covers({ family, host, onlyIPv6 }: Holder, address: string): boolean {
  if (host === "::") return family === AF_INET6 && (isIPv6(address) || !onlyIPv6);
  return host === "0.0.0.0" ? !isIPv6(address) : host === address;
}

/** How well a holder's address fits a packet's: an exact one before every interface, the own family before both. */
function rank(holder: Holder, address: string): number {
  if (!covers(holder, address)) return 0;
  if (holder.host === address) return 3;
  return isIPv6(holder.host) === isIPv6(address) ? 2 : 1;
}

function overlap(a: Holder, b: Holder): boolean {
  if (a.host === b.host) return true;
  return (isWildcard(a.host) && covers(a, b.host)) || (isWildcard(b.host) && covers(b, a.host));
}

/** The holders of one protocol's ports. */
export class Ports<H extends Holder> {
  readonly #holders = new Map<number, H[]>();
  #next: number;

  constructor(random: Random) {
    this.#next = random.below(EPHEMERAL_COUNT);
  }

  /** Throws EADDRINUSE where a holder may not have its port beside the others. */
  check(wanted: Holder, address: unknown, syscall: string): void {
    if (this.#conflicts(wanted)) throw errorFor("EADDRINUSE", { syscall, address });
  }

  #conflicts(wanted: Holder): boolean {
    return this.#holders.get(wanted.port)?.some((other) => {
      if (other as Holder === wanted || !overlap(wanted, other)) return false;
      if (wanted.reusesPort && other.reusesPort) return false;
      return !(wanted.reusesAddress && other.reusesAddress && !other.listens);
    }) ?? false;
  }

  /** A port that nothing has. `fits` may take one that others have too. */
  ephemeral(fits: (port: number) => boolean = () => false): number {
    for (let tries = 0; tries < EPHEMERAL_COUNT; tries++) {
      const port = FIRST_EPHEMERAL + this.#next;
      this.#next = (this.#next + 1) % EPHEMERAL_COUNT;
      if (!this.#holders.has(port)) return port;
    }
    for (let port = FIRST_EPHEMERAL; port <= LAST_EPHEMERAL; port++) if (fits(port)) return port;
    throw errorFor("EADDRNOTAVAIL");
  }

  /** Enters a holder. */
  hold(holder: H): void {
    const holders = this.#holders.get(holder.port);
    if (holders === undefined) this.#holders.set(holder.port, [holder]);
    else holders.push(holder);
  }

  /** Takes a holder out. It must still have the port that it was entered with. */
  release(holder: H): void {
    const holders = this.#holders.get(holder.port);
    const place = holders?.indexOf(holder) ?? -1;
    if (place < 0) return;
    holders!.splice(place, 1);
    if (holders!.length === 0) this.#holders.delete(holder.port);
  }

  /** All holders of a port. */
  of(port: number): readonly H[] {
    return this.#holders.get(port) ?? [];
  }

  /** Whether a holder takes what comes to an address. */
  takes(holder: H, address: string): boolean {
    return covers(holder, address);
  }

  /**
   * The holder that a packet is for, among those that fit it: the one with the closest address; of equal ones the
   * latest, or with SO_REUSEPORT the one that a hash of the sender falls on.
   */
  find(packet: Addressed, fits: (holder: H) => boolean): H | undefined {
    const { destination, destinationPort } = packet;
    let best: H | undefined;
    let bestRank = 0;
    let equals = 0;
    for (const holder of this.of(destinationPort)) {
      const found = rank(holder, destination);
      if (found === 0 || found < bestRank || !fits(holder)) continue;
      equals = found === bestRank ? equals + 1 : 1;
      bestRank = found;
      best = holder;
    }
    return equals > 1 ? this.#share(packet, bestRank, fits) ?? best : best;
  }

  /** The holder that a packet is for, among several with the same rank that all have SO_REUSEPORT. */
  #share({ source, sourcePort, destination, destinationPort }: Addressed, best: number, fits: (holder: H) => boolean) {
    const equals = this.of(destinationPort).filter((holder) => rank(holder, destination) === best && fits(holder));
    if (!equals.every((holder) => holder.reusesPort)) return undefined;
    return equals[(hashText(`${source} ${sourcePort}`) >>> 0) % equals.length];
  }
}
