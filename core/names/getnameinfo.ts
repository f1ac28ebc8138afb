// getnameinfo: from a socket address to names.

import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  AI_NUMERICHOST,
  NI_DGRAM,
  NI_IDN,
  NI_NAMEREQD,
  NI_NOFQDN,
  NI_NUMERICHOST,
  NI_NUMERICSERV,
} from "../../base/constants.ts";
import { gaiErrorFor, OSError } from "../../base/errors.ts";
import { findPort } from "../../base/services.ts";
import { getfqdn } from "./gethost.ts";
import { findAddresses } from "./hosts.ts";
import { orAborted, throwIfAborted } from "../promises.ts";
import type { WaitOptions } from "../promises.ts";
import type { Resolver } from "../../seam/resolver.ts";
import { checkOptions } from "../arguments.ts";

/** Returns the host and the service of a socket address, as text. */
export async function getnameinfo(
  resolver: Resolver,
  address: readonly [host: string, port: number, flowinfo?: number, scopeId?: number],
  flags: number,
  options: WaitOptions,
): Promise<[host: string, service: string]> {
  const [given, port, , scopeId] = checkNameInfo(address, flags);
  const [{ family, host }] = await findAddresses(resolver, given, port, AF_UNSPEC, AI_NUMERICHOST);
  if (family === AF_INET && address.length !== 2) throw new OSError("IPv4 sockaddr must be 2 tuple");
  if (flags & ~NI_FLAGS) throw gaiErrorFor("EAI_BADFLAGS", { syscall: "getnameinfo", address });
  const signal = checkOptions(options);
  throwIfAborted(signal);
  let name: string | undefined;
  if (!(flags & NI_NUMERICHOST)) {
    name = await orAborted(resolver.lookUpName(host, port), signal);
    if (name !== undefined && flags & NI_NOFQDN) name = await withoutDomain(resolver, name, options);
  }
  if (name === undefined && flags & NI_NAMEREQD) {
    throw gaiErrorFor("EAI_NONAME", { syscall: "getnameinfo", address });
  }
  const service = flags & NI_NUMERICSERV ? undefined : findPort(port, flags & NI_DGRAM ? "udp" : "tcp");
  return [
    name ?? (family === AF_INET6 && scopeId !== 0 ? `${host}%${scopeName(resolver, host, scopeId)}` : host),
    service ?? String(port),
  ];
}

const NI_FLAGS = NI_NUMERICHOST | NI_NUMERICSERV | NI_NOFQDN | NI_NAMEREQD | NI_DGRAM | NI_IDN;

/** Checks the arguments of getnameinfo. Returns all four parts of the address. */
export function checkNameInfo(
  address: unknown,
  flags: number,
): [host: string, port: number, flowinfo: number, scopeId: number] {
  if (!Array.isArray(address)) throw new TypeError("getnameinfo() argument 1 must be a tuple");
  if (!Number.isInteger(flags)) throw new TypeError("getnameinfo() flags must be an integer");
  const [host, port, flowinfo = 0, scopeId = 0] = address as unknown[];
  if (address.length < 2 || address.length > 4 || typeof host !== "string") {
    throw new TypeError("getnameinfo(): illegal sockaddr argument");
  }
  const numbers: [unknown, number, string][] = [[port, 65535, "port"], [flowinfo, 0xfffff, "flowinfo"], [
    scopeId,
    0xffffffff,
    "scopeid",
  ]];
  for (const [value, max, name] of numbers) {
    if (!Number.isInteger(value)) throw new TypeError(`getnameinfo(): ${name} must be an integer`);
    if (Number(value) < 0 || Number(value) > max) throw new RangeError(`getnameinfo(): ${name} must be 0-${max}.`);
  }
  return [host, Number(port), Number(flowinfo), Number(scopeId)];
}

/** Returns a scope as getnameinfo(3) writes it: for a link-local address it is the name of the interface. */
function scopeName(resolver: Resolver, host: string, scopeId: number): string {
  // If Deno would ask the user before it lists the interfaces, the number is used. It means the same.
  if (!/^(fe[89ab]|ff.2)/.test(host) || resolver.mayListInterfaces?.() === false) return String(scopeId);
  try {
    return resolver.findInterface(([index]) => index === scopeId)?.[1] ?? String(scopeId);
  } catch {
    return String(scopeId);
  }
}

/** Returns a name without the domain of this host. */
async function withoutDomain(resolver: Resolver, name: string, options: WaitOptions): Promise<string> {
  if (!name.includes(".")) return name;
  const own = await getfqdn(resolver, "", options);
  const domain = own.includes(".") ? own.slice(own.indexOf(".")) : undefined;
  return domain !== undefined && name.endsWith(domain) ? name.slice(0, -domain.length) : name;
}
