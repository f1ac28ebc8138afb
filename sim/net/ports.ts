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
  /** Whether `connect` chose the port. Then other connects may choose it too. */
  readonly isPortShared: boolean;
}

/** The addresses and ports of a packet. */
interface PacketAddresses {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

/** Linux's range of ephemeral ports (net.ipv4.ip_local_port_range). */
const FIRST_EPHEMERAL = 32768;
const LAST_EPHEMERAL = 60999;
const EPHEMERAL_COUNT = LAST_EPHEMERAL - FIRST_EPHEMERAL + 1;

/** Returns whether the address of a holder is an address, or a wildcard that includes it. */
function covers({ family, host, onlyIPv6 }: Holder, address: string): boolean {
  if (host === "::") return family === AF_INET6 && (isIPv6(address) || !onlyIPv6);
  return host === "0.0.0.0" ? !isIPv6(address) : host === address;
}

/**
 * Returns the rank of a holder for packets to an address; 0 if it does not receive them. An exact address ranks above a
 * wildcard. A wildcard of the packet's family ranks above a wildcard of both families.
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

  /** Throws EADDRINUSE if a holder may not share its port with the other holders of that port. */
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

  /**
   * Returns a free ephemeral port. If all are occupied, returns one for which `isUsable` returns true, or undefined if there
   * is none.
   */
  ephemeral(isUsable: (port: number) => boolean = () => false): number | undefined {
    for (let tries = 0; tries < EPHEMERAL_COUNT; tries++) {
      const port = FIRST_EPHEMERAL + this.#next;
      this.#next = (this.#next + 1) % EPHEMERAL_COUNT;
      if (!this.#holders.has(port)) return port;
    }
    for (let port = FIRST_EPHEMERAL; port <= LAST_EPHEMERAL; port++) if (isUsable(port)) return port;
    return undefined;
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

  /** Returns all holders of a port. */
  of(port: number): readonly H[] {
    return this.#holders.get(port) ?? [];
  }

  /** Returns whether a holder may receive packets to an address. */
  takes(holder: H, address: string): boolean {
    return covers(holder, address);
  }

  /**
   * Returns the holder for a packet, among those for which `accepts` returns true: the holder with the highest rank. Of
   * several with the same rank it is the latest. If all of these have SO_REUSEPORT, a hash of the sender's address chooses.
   */
  find(packet: PacketAddresses, accepts: (holder: H) => boolean): H | undefined {
    const { destination, destinationPort } = packet;
    let best: H | undefined;
    let bestRank = 0;
    let equals = 0;
    for (const holder of this.of(destinationPort)) {
      const found = rank(holder, destination);
      if (found === 0 || found < bestRank || !accepts(holder)) continue;
      equals = found === bestRank ? equals + 1 : 1;
      bestRank = found;
      best = holder;
    }
    return equals > 1 ? this.#share(packet, bestRank, accepts) ?? best : best;
  }

  /** Chooses among several holders with the same rank, if all have SO_REUSEPORT. */
  #share(packet: PacketAddresses, best: number, accepts: (holder: H) => boolean) {
    const { source, sourcePort, destination, destinationPort } = packet;
    const equals = this.of(destinationPort).filter((holder) => rank(holder, destination) === best && accepts(holder));
    if (!equals.every((holder) => holder.reusesPort)) return undefined;
    return equals[(hashText(`${source} ${sourcePort}`) >>> 0) % equals.length];
  }
}
