// The look-ups of Python's socket module, made for a resolver. deno/names.ts documents each of them.

import type { Resolver } from "../../seam/resolver.ts";
import type { WaitOptions } from "../abort.ts";
import { getaddrinfo } from "./getaddrinfo.ts";
import type { AddressInfo } from "./getaddrinfo.ts";
import { getfqdn, gethostbyaddr, gethostbyname, gethostbyname_ex } from "./gethost.ts";
import type { HostEntry } from "./gethost.ts";
import { getnameinfo } from "./getnameinfo.ts";
import { getprotobyname, getservbyname, getservbyport } from "./getserv.ts";
import { if_indextoname, if_nametoindex } from "./interfaces.ts";

/** What {@linkcode makeNames} makes. */
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

/** Makes the look-ups of a host. */
export function makeNames(resolver: Resolver): Names {
  return {
    getaddrinfo: (host, port, family = 0, type = 0, proto = 0, flags = 0, options = {}) =>
      getaddrinfo(resolver, host, port, family, type, proto, flags, options),
    getnameinfo: (address, flags, options = {}) => getnameinfo(resolver, address, flags, options),
    gethostbyname: (host, options = {}) => gethostbyname(resolver, host, options),
    gethostbyname_ex: (host, options = {}) => gethostbyname_ex(resolver, host, options),
    gethostbyaddr: (host, options = {}) => gethostbyaddr(resolver, host, options),
    getfqdn: (name = "", options = {}) => getfqdn(resolver, name, options),
    gethostname: () => resolver.hostname(),
    getservbyname,
    getservbyport,
    getprotobyname,
    if_nameindex: () => resolver.interfaces(),
    if_nametoindex: (name) => if_nametoindex(resolver, name),
    if_indextoname: (index) => if_indextoname(resolver, index),
  };
}
