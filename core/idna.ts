// International host names, as DNS takes them.

import { domainToASCII } from "node:url";

/** A host name in its ASCII form. One that cannot be a name is a RangeError, as it is a ValueError in Python. */
export function toAscii(host: string): string {
  const ascii = /^[\0-\x7f]*$/.test(host) ? host : domainToASCII(host);
  if (ascii === "" && host !== "") throw new RangeError("host name is no international domain name");
  const labels = ascii.replace(/\.$/, "").split(".");
  if (labels.length > 1 && labels.includes("")) throw new RangeError("host name has an empty label");
  if (labels.some((label) => label.length > 63)) throw new RangeError("host name has a label that is too long");
  return ascii;
}
