// The ports of a host for one protocol: which sockets may share a port, and which socket a packet is for.

import { AF_INET6 } from "../../base/constants.ts";
import { errorFor } from "../../base/errors.ts";
import { hashText } from "../random.ts";
import type { Random } from "../random.ts";
import { isWildcard } from "./addresses.ts";
import { isIPv6 } from "./packet.ts";

/** A socket or connection that occupies a port. */
export interface Holder {
  readonly family: number;
  /** The address that it is bound to. An IPv4-mapped address of an IPv6 socket is stored as IPv4. */
  readonly host: string;
  readonly port: number;
  /** Whether SO_REUSEADDR is set. */
  readonly reusesAddress: boolean;
  /** Whether SO_REUSEPORT is set. */
  readonly reusesPort: boolean;
  /** Whether IPV6_V6ONLY is set. */
  readonly onlyIPv6: boolean;
  /** Whether it listens. A listener's address cannot be shared by SO_REUSEADDR. */
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

/**
 * How well a holder's address fits a packet's. An exact address ranks above a wildcard, and a wildcard of the packet's
 * family above one of both families.
 */
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

  /** Throws EADDRINUSE if a holder may not share its port with the present holders. */
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

  /** Returns a free ephemeral port. When all are occupied, returns one that `fits` accepts. */
  ephemeral(fits: (port: number) => boolean = () => false): number {
    for (let tries = 0; tries < EPHEMERAL_COUNT; tries++) {
      const port = FIRST_EPHEMERAL + this.#next;
      this.#next = (this.#next + 1) % EPHEMERAL_COUNT;
      if (!this.#holders.has(port)) return port;
    }
    for (let port = FIRST_EPHEMERAL; port <= LAST_EPHEMERAL; port++) if (fits(port)) return port;
    throw errorFor("EADDRNOTAVAIL");
  }

  /** Adds a holder. */
  hold(holder: H): void {
    const holders = this.#holders.get(holder.port);
    if (holders === undefined) this.#holders.set(holder.port, [holder]);
    else holders.push(holder);
  }

  /** Removes a holder. Its port must not have changed since `hold`. */
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

  /** Whether a holder receives what is sent to an address. */
  takes(holder: H, address: string): boolean {
    return covers(holder, address);
  }

  /**
   * Finds the holder for a packet among those that `fits` accepts. The address that fits best wins. Of equal ones the
   * latest wins. With SO_REUSEPORT, `spread`, a hash of the sender, chooses.
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
