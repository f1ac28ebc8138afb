// The multicast groups that the sockets of a host have joined.

import type { Host } from "../net/host.ts";

/** The multicast groups of a host, with the number of its sockets in each. */
export class Groups {
  readonly #host: Host;
  readonly #members = new Map<string, number>();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Returns whether a socket of the host is in a group. */
  has(group: string): boolean {
    return this.#members.has(group);
  }

  /** Adds a socket to a group. With its first socket, the host joins the group. */
  join(group: string): void {
    const count = this.#members.get(group) ?? 0;
    this.#members.set(group, count + 1);
    if (count === 0) this.#host.network.setMember(group, this.#host, true);
  }

  /** Removes a socket from a group. With its last socket, the host leaves the group. */
  leave(group: string): void {
    const count = this.#members.get(group) ?? 0;
    if (count > 1) this.#members.set(group, count - 1);
    else if (this.#members.delete(group)) this.#host.network.setMember(group, this.#host, false);
  }

  /** Leaves all groups. */
  clear(): void {
    for (const group of [...this.#members.keys()]) {
      this.#members.delete(group);
      this.#host.network.setMember(group, this.#host, false);
    }
  }
}
