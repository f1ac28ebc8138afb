// getnameinfo: looks up the names of a socket address.

import type { InetAddress } from "../../base/addresses.ts";
import { AF_INET } from "../../base/constants/families.ts";
import { AI_NUMERICHOST, AI_NUMERICSERV, NI_NUMERICHOST } from "../../base/constants/names.ts";
import { SOCK_DGRAM } from "../../base/constants/sockets.ts";
import { OSError } from "../../base/errors.ts";
import type { WaitOptions } from "../../core/abort.ts";
import { orAborted, throwIfAborted } from "../../core/abort.ts";
import { checkOptions } from "../../core/arguments.ts";
import { checkNameInfo } from "../../core/names/getnameinfo.ts";
import { findSync, lookUpError } from "./addrinfo.ts";
import { lend } from "../lend.ts";
import { libc } from "../libc.ts";
import { textIn } from "../memory.ts";
import { requireHost } from "../permissions.ts";
import { encode, outgoing } from "../sockaddr.ts";

/** NI_MAXHOST and NI_MAXSERV */
const HOST_SIZE = 1025, SERVICE_SIZE = 32;

/**
 * Returns the host name and the service name of a socket address, as Python's `socket.getnameinfo()`; see getnameinfo(3).
 *
 * The look-up of the name needs net access to `host:port`. With NI_NUMERICHOST nothing is looked up and no permission is
 * needed. A scope is written with the name of its interface.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getnameinfo, NI_NUMERICHOST } from "@berkeley/socket/native";
 * assert.equal((await getnameinfo(["127.0.0.1", 80], NI_NUMERICHOST)).join(), "127.0.0.1,http");
 * ```
 */
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
  const call = libc().getnameinfo_waiting(sockaddr, length, name, name.length, service, service.length, flags);
  const status = await orAborted(lend([sockaddr, name, service], call), signal);
  if (status !== 0) throw lookUpError(status, "getnameinfo", address);
  return [textIn(name), textIn(service)];
}
