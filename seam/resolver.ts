// The seam's resolver: what core/names/ needs to know of the host that a program runs on. A backend whose system has
// functions of its own for names (libc) uses those instead of core/names/.

/** A network interface. */
export type NetworkInterface = [index: number, name: string];

/** Names, addresses and interfaces, as one host knows them. */
export interface Resolver {
  /**
   * The addresses of a host name, as text and in the system's order; an empty list where there are none. `port` is for
   * the permission that a look-up takes. `family` 0 asks for both.
   */
  lookUp(host: string, port: number, family: 0 | 4 | 6): Promise<string[]>;
  /** The name of an address, or undefined where it has none. */
  lookUpName(address: string, port: number): Promise<string | undefined>;
  /** The chain of canonical names (CNAME) that a host name leads through, without the name itself. */
  followAliases(host: string): Promise<string[]>;
  /** The name of this host. */
  hostname(): string;
  /** The network interfaces, by index. */
  interfaces(): NetworkInterface[];
  /** Finds one interface by name or index. It may need less permission than the whole list. */
  findInterface(fits: (entry: NetworkInterface) => boolean): NetworkInterface | undefined;
  /** Whether the list may be read without asking the user for a permission. A resolver without it needs none. */
  mayListInterfaces?(): boolean;
  /** Whether the host has an address of an IP version, loopback aside (AI_ADDRCONFIG). */
  hasVersion(version: 4 | 6): boolean;
}
