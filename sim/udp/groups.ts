// The multicast groups that the sockets of a host have joined.

import { isLoopback } from "../../base/addresses.ts";
import { isAllHosts } from "../net/addresses.ts";
import type { Host } from "../net/host.ts";
import type { Datagram } from "../net/packet.ts";
import { NETWORK_INDEX } from "./membership.ts";
import type { Membership } from "./membership.ts";

/** The multicast groups of a host, with the number of its sockets in each. */
export class Groups {
  readonly #host: Host;
  /** The groups on the loopback interface. They get no packets of other hosts. */
  readonly #onLoopback = new Map<string, number>();
  readonly #onNetwork = new Map<string, number>();

  constructor(host: Host) {
    this.#host = host;
  }

  #on(index: number): Map<string, number> {
    return index === NETWORK_INDEX ? this.#onNetwork : this.#onLoopback;
  }

  /** Returns whether the host receives a multicast datagram. A loopback address as its source means that interface. */
  receives({ source, destination }: Datagram): boolean {
    return isAllHosts(destination) || (isLoopback(source) ? this.#onLoopback : this.#onNetwork).has(destination);
  }

  /** Adds a socket to a group. With its first socket, the host joins the group. */
  join({ group, index }: Membership): void {
    const groups = this.#on(index);
    const count = groups.get(group) ?? 0;
    groups.set(group, count + 1);
    if (count === 0 && groups === this.#onNetwork) this.#host.network.setMember(group, this.#host, true);
  }

  /** Removes a socket from a group. With its last socket, the host leaves the group. */
  leave({ group, index }: Membership): void {
    const groups = this.#on(index);
    const count = groups.get(group) ?? 0;
    // After a crash the groups are left already.
    if (count > 1) groups.set(group, count - 1);
    else if (groups.delete(group) && groups === this.#onNetwork) {
      this.#host.network.setMember(group, this.#host, false);
    }
  }

  /** Leaves all groups. */
  clear(): void {
    for (const group of this.#onNetwork.keys()) this.#host.network.setMember(group, this.#host, false);
    this.#onNetwork.clear();
    this.#onLoopback.clear();
  }
}
