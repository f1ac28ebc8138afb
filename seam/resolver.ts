// The seam's resolver: what core/names/ needs to know about the host that a program runs on. The native backend does
// not use core/names/; it calls libc's functions.

/** A network interface. */
export type NetworkInterface = [index: number, name: string];

/** Look-ups of names, addresses and interfaces, as one host knows them. */
export interface Resolver {
  /**
   * Returns the addresses of a host name as text, in the system's order, or an empty list if it has none. `port` is for
   * the permission that the look-up needs. `family` 0 asks for both IP versions.
   */
  lookUp(host: string, port: number, family: 0 | 4 | 6): Promise<string[]>;
  /** Returns the name of an address, or undefined if it has none. `port` is for the permission. */
  lookUpName(address: string, port: number): Promise<string | undefined>;
  /** Returns the canonical names (CNAME) that a host name leads to, one after the other, without the host name itself. */
  followAliases(host: string): Promise<string[]>;
  /** The name of this host. */
  hostname(): string;
  /** The network interfaces, by index. */
  interfaces(): NetworkInterface[];
  /** Finds one interface. It may need a smaller permission than the whole list. */
  findInterface(matches: (entry: NetworkInterface) => boolean): NetworkInterface | undefined;
  /** Whether the list may be read without asking the user for a permission. Left out if the list needs no permission. */
  mayListInterfaces?(): boolean;
  /** Whether the host has an address of an IP version that is not a loopback address (AI_ADDRCONFIG). */
  hasVersion(version: 4 | 6): boolean;
}
