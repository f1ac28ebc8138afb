// Makes the look-ups of Python's socket module for a resolver. deno/names.ts documents each of them.

import { nameOf } from "../../base/data.ts";
import { errorFor, OSError } from "../../base/errors.ts";
import type { Resolver } from "../../seam/resolver.ts";
import type { WaitOptions } from "../promises.ts";
import type { Turns } from "../timing.ts";
import type { AddressInfo } from "./getaddrinfo.ts";
import type { HostEntry } from "./gethost.ts";

/** The look-ups of Python's socket module. */
export interface Names {
  getaddrinfo(
    host: string | Uint8Array | null,
    port: string | number | null,
    family?: number,
    type?: number,
    proto?: number,
    flags?: number,
    options?: WaitOptions,
  ): Promise<AddressInfo[]>;
  getnameinfo(
    address: readonly [host: string, port: number, flowinfo?: number, scopeId?: number],
    flags: number,
    options?: WaitOptions,
  ): Promise<[host: string, service: string]>;
  gethostbyname(hostname: string | Uint8Array, options?: WaitOptions): Promise<string>;
  gethostbyname_ex(hostname: string | Uint8Array, options?: WaitOptions): Promise<HostEntry>;
  gethostbyaddr(hostname: string | Uint8Array, options?: WaitOptions): Promise<HostEntry>;
  getfqdn(name?: string | Uint8Array, options?: WaitOptions): Promise<string>;
  gethostname(): string;
  getservbyname(service: string, protocol?: string): Promise<number>;
  getservbyport(port: number, protocol?: string): Promise<string>;
  getprotobyname(protocol: string): Promise<number>;
  if_nameindex(): [index: number, name: string][];
  if_nametoindex(name: string): number;
  if_indextoname(index: number): string;
}

type LookUps = typeof import("./lookups.ts");

/** Returns the look-ups, or a promise of them while they are loaded. */
export type LoadLookUps = () => LookUps | Promise<LookUps>;

/** Makes the look-ups of a host. Each calls `load`, so that a program without look-ups does not load them. */
export function makeNames(resolver: Resolver, load: LoadLookUps, turns: Turns): Names {
  // Many look-ups need no wait, such as those of numeric addresses.
  const call = <T>(lookUp: (functions: LookUps) => Promise<T>): Promise<T> =>
    turns.count(async () => await lookUp(await load()));
  return {
    getaddrinfo: (host, port, family = 0, type = 0, proto = 0, flags = 0, options = {}) =>
      call((functions) => functions.getaddrinfo(resolver, host, port, family, type, proto, flags, options)),
    getnameinfo: (address, flags, options = {}) =>
      call((functions) => functions.getnameinfo(resolver, address, flags, options)),
    gethostbyname: (host, options = {}) => call((functions) => functions.gethostbyname(resolver, host, options)),
    gethostbyname_ex: (host, options = {}) => call((functions) => functions.gethostbyname_ex(resolver, host, options)),
    gethostbyaddr: (host, options = {}) => call((functions) => functions.gethostbyaddr(resolver, host, options)),
    getfqdn: (name = "", options = {}) => call((functions) => functions.getfqdn(resolver, name, options)),
    gethostname: () => resolver.hostname(),
    getservbyname: (service, protocol) => call((functions) => functions.getservbyname(service, protocol)),
    getservbyport: (port, protocol) => call((functions) => functions.getservbyport(port, protocol)),
    getprotobyname: (protocol) => call((functions) => functions.getprotobyname(protocol)),
    if_nameindex: () => resolver.interfaces(),
    if_nametoindex: (name) => if_nametoindex(resolver, name),
    if_indextoname: (index) => if_indextoname(resolver, index),
  };
}

// Network interfaces by name and index.

/** Returns the index of a network interface. */
export function if_nametoindex(resolver: Resolver, name: string): number {
  if (typeof name !== "string") throw new TypeError(`expected a string, not ${nameOf(name)}`);
  if (name.includes("\0")) throw new RangeError("embedded null byte");
  const entry = resolver.findInterface((entry) => entry[1] === name);
  if (entry === undefined) throw new OSError("no interface with this name", undefined, { syscall: "if_nametoindex" });
  return entry[0];
}

/** Returns the name of a network interface, by its index. */
export function if_indextoname(resolver: Resolver, index: number): string {
  if (!Number.isInteger(index)) throw new TypeError("an integer is required");
  if (index < 0) throw new RangeError("can't convert negative value to unsigned int");
  if (index > 0xffffffff) throw new RangeError("index is too large");
  const entry = resolver.findInterface((entry) => entry[0] === index);
  if (entry === undefined) throw errorFor("ENXIO", { syscall: "if_indextoname" });
  return entry[1];
}
