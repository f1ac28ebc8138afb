// The name of a server, as TLS has it.

import { asciiOf } from "../base/ip.ts";

/** The name in ASCII; null for none. Bad names are errors before anything is sent. */
export function serverName(name: string | null | undefined): string | null {
  if (name === null || name === undefined) return null;
  if (typeof name !== "string") throw new TypeError("server_hostname should be a string");
  if (name.includes("\0")) throw new TypeError("server_hostname has a null character");
  if (name === "" || name.startsWith(".")) {
    throw new RangeError("server_hostname cannot be an empty string or start with a leading dot.");
  }
  return asciiOf(name);
}
