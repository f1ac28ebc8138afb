// getservbyname, getservbyport and getprotobyname. They return promises, as all look-ups of this module do.

import { promised } from "../promises.ts";
import { OSError } from "../../base/errors.ts";
import { findPort, findProtocol, findService } from "../../base/services.ts";

/** Checks a name. It must not contain NUL, which ends a string in C. */
export function checkText(value: unknown, call: string, place: number): asserts value is string {
  if (typeof value !== "string") throw new TypeError(`${call}() argument ${place} must be a string`);
  if (value.includes("\0")) throw new RangeError("embedded null character");
}

/** Checks the arguments of getservbyname. */
export function checkService(service: string, protocol: string | undefined): void {
  checkText(service, "getservbyname", 1);
  if (protocol !== undefined) checkText(protocol, "getservbyname", 2);
}

/** Checks the arguments of getservbyport. */
export function checkServicePort(port: number, protocol: string | undefined): void {
  if (!Number.isInteger(port)) throw new TypeError("getservbyport() argument 1 must be an integer");
  if (protocol !== undefined) checkText(protocol, "getservbyport", 2);
  if (port < 0 || port > 65535) throw new RangeError("getservbyport: port must be 0-65535.");
}

/** Returns the port of a service, from a built-in table. */
export function getservbyname(service: string, protocol?: string): Promise<number> {
  return promised(() => {
    checkService(service, protocol);
    const port = findService(service, protocol);
    if (port === undefined) throw new OSError("service/proto not found", undefined, { syscall: "getservbyname" });
    return port;
  });
}

/** Returns the service of a port, from a built-in table. */
export function getservbyport(port: number, protocol?: string): Promise<string> {
  return promised(() => {
    checkServicePort(port, protocol);
    const service = findPort(port, protocol);
    if (service === undefined) throw new OSError("port/proto not found", undefined, { syscall: "getservbyport" });
    return service;
  });
}

/** Returns the number of a protocol, from a built-in table. */
export function getprotobyname(protocol: string): Promise<number> {
  return promised(() => {
    checkText(protocol, "getprotobyname", 1);
    const number = findProtocol(protocol);
    if (number === undefined) throw new OSError("protocol not found", undefined, { syscall: "getprotobyname" });
    return number;
  });
}
