// getnameinfo: looks up the names of a socket address.

import type { InetAddress } from "../../base/addresses.ts";
import { AF_INET, AI_NUMERICHOST, AI_NUMERICSERV, NI_NUMERICHOST, SOCK_DGRAM } from "../../base/constants.ts";
import { OSError } from "../../base/errors.ts";
import { throwIfAborted } from "../../core/promises.ts";
import type { WaitOptions } from "../../core/promises.ts";
import { checkOptions } from "../../core/arguments.ts";
import { checkNameInfo } from "../../core/names/getnameinfo.ts";
import { findSync, lookUpError } from "./resolve.ts";
import { lookUps } from "../blocking_calls.ts";
import { lend, textIn } from "../call.ts";
import { libcNames } from "./libc.ts";
import { requireHost } from "../permissions.ts";
import { encode, outgoing } from "../sockaddr.ts";

/** NI_MAXHOST and NI_MAXSERV */
const HOST_SIZE = 1025, SERVICE_SIZE = 32;

/** See getnameinfo in mod.ts. */
export async function getnameinfo(
  address: readonly [host: string, port: number, flowinfo?: number, scopeId?: number],
  flags: number,
  options: WaitOptions = {},
): Promise<[host: string, service: string]> {
  const [given, port, flowinfo, scopeId] = checkNameInfo(address, flags);
  const signal = checkOptions(options);
  throwIfAborted(signal);
  // Literal addresses are parsed without waiting.
  const numeric = { type: SOCK_DGRAM, flags: AI_NUMERICHOST | AI_NUMERICSERV };
  const [{ family, address: literal }] = findSync(given, String(port), numeric);
  const [host] = literal as InetAddress;
  if (family === AF_INET && address.length !== 2) throw new OSError("IPv4 sockaddr must be 2 tuple");
  if (!(flags & NI_NUMERICHOST)) requireHost(host, port);

  const length = encode(family, family === AF_INET ? [host, port] : [host, port, flowinfo, scopeId]);
  const [sockaddr, name, service] = [
    outgoing.slice(0, length),
    new Uint8Array(HOST_SIZE),
    new Uint8Array(SERVICE_SIZE),
  ];
  const call = () =>
    libcNames().getnameinfo_waiting(sockaddr, length, name, name.length, service, service.length, flags);
  const status = await lookUps.run(() => lend([sockaddr, name, service], call()), signal);
  if (status !== 0) throw lookUpError(status, "getnameinfo", address);
  return [textIn(name), textIn(service)];
}
