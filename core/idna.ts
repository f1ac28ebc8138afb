// International host names, as DNS takes them.

import { domainToASCII } from "node:url";

/** The name in a socket's address: ASCII as it is, for the resolver to judge; an international name in its ASCII form. */
export function asciiOf(host: string): string {
  if (/^[\0-\x7f]*$/.test(host)) return host;
  const ascii = domainToASCII(host);
  if (ascii === "") throw new RangeError("host name is no international domain name");
  return ascii;
}

/** The name that a look-up is given. One that cannot be a name is a RangeError, as it is a ValueError in Python. */
export function toAscii(host: string): string {
  const ascii = asciiOf(host);
  const labels = ascii.replace(/\.$/, "").split(".");
  if (labels.length > 1 && labels.includes("")) throw new RangeError("host name has an empty label");
  if (labels.some((label) => label.length > 63)) throw new RangeError("host name has a label that is too long");
  return ascii;
}
