// One host in memory: its sockets by address, and its names.

import { isLiteral, loopback, wildcard } from "../../base/addresses.ts";
import type { Address, InetAddress } from "../../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "../../base/constants.ts";
import { errorFor, gaiErrorFor } from "../../base/errors.ts";
import { asciiOf } from "../../base/ip.ts";
import type { NetworkInterface, Resolver } from "../../seam/resolver.ts";

const FIRST_PORT = 49152;

/** The names of the host, with their addresses in the order of the answers. */
const NAMES = new Map([["localhost", ["127.0.0.1", "::1"]], ["memory", ["127.0.0.1", "::1"]]]);
const INTERFACES: NetworkInterface[] = [[1, "lo"]];

/** Something that has an address. */
export interface Claimant {
  readonly family: number;
  readonly reusesPort: boolean;
}

interface Claim<T extends Claimant> {
  readonly family: number;
  readonly host: string;
  readonly owner: T;
}

/** The addresses of one kind of socket: streams or datagrams. */
export class Claims<T extends Claimant> {
  readonly #ports = new Map<number, Claim<T>[]>();
  readonly #paths = new Map<string, T | null>();
  #next = FIRST_PORT;

  /** Gives an address to a socket. For port 0 it chooses a port. */
  claim(owner: T, address: Address): Address {
    if (owner.family === AF_UNIX) return this.#claimPath(owner, address as string);
    const [host, port, ...rest] = address as InetAddress;
    const literal = host === "" ? wildcard(owner.family) : literalOf(host, owner.family, "bind", address);
    const free = port === 0 ? this.freePort() : port;
    const claims = this.#ports.get(free) ?? [];
    const taken = claims.some((other) =>
      other.family === owner.family && !(other.owner.reusesPort && owner.reusesPort) &&
      (other.host === literal || other.host === wildcard(owner.family) || literal === wildcard(owner.family))
    );
    if (taken) throw errorFor("EADDRINUSE", { syscall: "bind", address });
    this.#ports.set(free, [...claims, { family: owner.family, host: literal, owner }]);
    return [literal, free, ...rest] as Address;
  }

  #claimPath(owner: T, path: string): Address {
    // As the kernel chooses an abstract name.
    const name = path === "" ? `\0${(this.#next++).toString(16).padStart(5, "0")}` : path;
    if (this.#paths.has(name)) throw errorFor("EADDRINUSE", { syscall: "bind", address: path });
    this.#paths.set(name, owner);
    return name;
  }

  /** A port that no socket has. */
  freePort(): number {
    while (this.#ports.has(this.#next)) this.#next++;
    return this.#next++;
  }

  /** Releases an address. The path of a Unix socket stays and refuses connections. */
  release(owner: T, address: Address): void {
    if (typeof address === "string") {
      if (this.#paths.get(address) !== owner) return;
      if (address.startsWith("\0")) this.#paths.delete(address);
      else this.#paths.set(address, null);
      return;
    }
    const port = address[1] as number;
    const rest = (this.#ports.get(port) ?? []).filter((claim) => claim.owner !== owner);
    if (rest.length === 0) this.#ports.delete(port);
    else this.#ports.set(port, rest);
  }

  /** The socket at an address; undefined if there is none. */
  find(family: number, address: Address): T | undefined {
    if (typeof address === "string") return this.#paths.get(address) ?? undefined;
    const [host, port] = address as InetAddress;
    const claims = this.#ports.get(port)?.filter((claim) => claim.family === family) ?? [];
    return (claims.find((claim) => claim.host === host) ?? claims.find((claim) => claim.host === wildcard(family)))
      ?.owner;
  }

  /** Whether a path exists: as a socket, or as the file of a closed socket. */
  hasPath(path: string): boolean {
    return this.#paths.has(path);
  }
}

/** The IP address of a host name in a family. Look-ups take no time here. */
function literalOf(host: string, family: number, syscall: string, address: Address): string {
  if (isLiteral(host, family)) return host;
  const name = asciiOf(host);
  if (name === "") throw new RangeError("host name is no international domain name");
  const found = NAMES.get(name)?.find((literal) => isLiteral(literal, family));
  if (found === undefined) throw gaiErrorFor("EAI_NONAME", { syscall, address });
  return found;
}

/** An address to connect or send to. An empty host means this host. */
export function destination(family: number, address: Address): Address {
  if (family === AF_UNIX) return address;
  const [host, port, ...rest] = address as InetAddress;
  const literal = host === "" || host === wildcard(family)
    ? loopback(family)
    : literalOf(host, family, "getaddrinfo", address);
  return [literal, port, ...rest] as Address;
}

/** The address that getsockname returns for an unbound socket. */
export function anyAddress(family: number): Address {
  if (family === AF_UNIX) return "";
  return family === AF_INET6 ? [wildcard(family), 0, 0, 0] : [wildcard(family), 0];
}

/** The addresses at which a host can be reached over a stream. */
export function endpoints(host: string, port: number): Promise<[family: number, address: Address][]> {
  const found: [number, Address][] = [];
  for (const family of [AF_INET, AF_INET6]) {
    const of = (literal: string): Address => family === AF_INET6 ? [literal, port, 0, 0] : [literal, port];
    if (isLiteral(host, family)) return Promise.resolve([[family, of(host)]]);
    const literal = NAMES.get(asciiOf(host))?.find((literal) => isLiteral(literal, family));
    if (literal !== undefined) found.push([family, of(literal)]);
  }
  if (found.length > 0) return Promise.resolve(found);
  return Promise.reject(gaiErrorFor("EAI_NONAME", { syscall: "getaddrinfo", address: host }));
}

/** The names of the host. */
export const resolver: Resolver = {
  lookUp(host, _port, family) {
    const hasFamily = (literal: string) => family === 0 || literal.includes(":") === (family === 6);
    return Promise.resolve((NAMES.get(host) ?? []).filter(hasFamily));
  },
  lookUpName: (address) => Promise.resolve([...NAMES].find(([, addresses]) => addresses.includes(address))?.[0]),
  followAliases: () => Promise.resolve([]),
  hostname: () => "memory",
  interfaces: () => INTERFACES,
  findInterface: (matches) => INTERFACES.find(matches),
  hasVersion: () => true,
};
