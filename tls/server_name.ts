// The server name of a TLS connection.

import { asciiOf } from "../base/ip.ts";

/** Returns the name in ASCII, or null for none. Throws for an invalid name. */
export function serverName(name: string | null | undefined): string | null {
  if (name === null || name === undefined) return null;
  if (typeof name !== "string") throw new TypeError("server_hostname should be a string");
  if (name.includes("\0")) throw new TypeError("server_hostname has a null character");
  if (name === "" || name.startsWith(".")) {
    throw new RangeError("server_hostname cannot be an empty string or start with a leading dot.");
  }
  return asciiOf(name);
}
