// getservbyname and its relations. They answer promises, as every look-up of this module does.

import { OSError } from "../base/errors.ts";
import { findPort, findProtocol, findService } from "../base/services.ts";

/**
 * The port of a service, for one protocol ("tcp" or "udp") or for any, from a built-in table.
 *
 * @example
 * ```ts
 * import { getservbyname } from "@berkeley/socket";
 * console.assert(await getservbyname("http", "tcp") === 80);
 * ```
 */
export function getservbyname(service: string, protocol?: string): Promise<number> {
  return Promise.try(() => {
    if (typeof service !== "string") throw new TypeError("getservbyname() argument 1 must be a string");
    const port = findService(service, protocol);
    if (port === undefined) throw new OSError("service/proto not found", undefined, { syscall: "getservbyname" });
    return port;
  });
}

/**
 * The service at a port, for one protocol ("tcp" or "udp") or for any, from a built-in table.
 *
 * @example
 * ```ts
 * import { getservbyport } from "@berkeley/socket";
 * console.assert(await getservbyport(80) === "http");
 * ```
 */
export function getservbyport(port: number, protocol?: string): Promise<string> {
  return Promise.try(() => {
    if (!Number.isInteger(port)) throw new TypeError("getservbyport() argument 1 must be an integer");
    if (port < 0 || port > 65535) throw new RangeError("getservbyport: port must be 0-65535.");
    const service = findPort(port, protocol);
    if (service === undefined) throw new OSError("port/proto not found", undefined, { syscall: "getservbyport" });
    return service;
  });
}

/**
 * The number of a protocol, from a built-in table.
 *
 * @example
 * ```ts
 * import { getprotobyname } from "@berkeley/socket";
 * console.assert(await getprotobyname("tcp") === 6);
 * ```
 */
export function getprotobyname(protocol: string): Promise<number> {
  return Promise.try(() => {
    if (typeof protocol !== "string") throw new TypeError("getprotobyname() argument 1 must be a string");
    const number = findProtocol(protocol);
    if (number === undefined) throw new OSError("protocol not found", undefined, { syscall: "getprotobyname" });
    return number;
  });
}
