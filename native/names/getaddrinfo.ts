// getaddrinfo: looks up the addresses of a host and a service, for bind and connect.

import type { Inet6Address, InetAddress } from "../../base/addresses.ts";
import { throwIfAborted } from "../../core/promises.ts";
import type { WaitOptions } from "../../core/promises.ts";
import { checkOptions } from "../../core/arguments.ts";
import type { AddressInfo } from "../../core/names/getaddrinfo.ts";
import { checkAddrInfo, parseService } from "../../core/names/getaddrinfo.ts";
import { toAscii } from "../../base/ip.ts";
import { AI_NUMERICHOST } from "../../base/constants.ts";
import { gaierror, gaiErrorFor } from "../../base/errors.ts";
import { find, findSync } from "./resolve.ts";
import type { Found, Hints } from "./resolve.ts";
import { requireHost } from "../permissions.ts";

/** See getaddrinfo in mod.ts. */
export async function getaddrinfo(
  host: string | Uint8Array | null,
  port: string | number | null,
  family: number = 0,
  type: number = 0,
  proto: number = 0,
  flags: number = 0,
  options: WaitOptions = {},
): Promise<AddressInfo[]> {
  const hints = { family, type, proto, flags };
  const hostname = checkAddrInfo(host, hints);
  // libc would reduce a port beyond 65535 modulo 2 ** 16.
  const service = parseService(port, flags, family);
  const signal = checkOptions(options);
  throwIfAborted(signal);
  const found = await findHost(hostname, service, hints, signal);
  return found.map(({ family, type, proto, canonname, address }): AddressInfo => [
    family,
    type,
    proto,
    canonname,
    address as InetAddress | Inet6Address,
  ]);
}

/** Looks up a host and a service, and checks the permission. */
export async function findHost(
  host: string | null,
  port: number | string | null,
  hints: Hints,
  signal: AbortSignal | undefined,
): Promise<Found[]> {
  const service = port === null ? null : String(port);
  if (host === null) return await find(null, service, hints, signal);
  // C would read the name up to the zero only.
  if (host.includes("\0")) throw gaiErrorFor("EAI_NONAME", { syscall: "getaddrinfo", address: host });
  const name = toAscii(host);
  if (!isNumeric(name)) requireHost(name, await findPort(port, hints, signal));
  return await find(name, service, hints, signal);
}

/** Whether a host is a literal address. libc tells that without waiting. */
function isNumeric(host: string): boolean {
  if (host === "" || host === "*") return true; // no host at all
  try {
    findSync(host, null, { flags: AI_NUMERICHOST });
    return true;
  } catch (error) {
    if (error instanceof gaierror) return false;
    throw error;
  }
}

/** Returns the port of a service for the permission check, 0 for none. */
async function findPort(
  port: number | string | null,
  { type, proto }: Hints,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (typeof port !== "string") return port ?? 0;
  const [{ address }] = await find(null, port, { type, proto }, signal);
  return (address as InetAddress)[1];
}
