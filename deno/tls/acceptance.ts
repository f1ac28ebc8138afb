// Whether Deno's TLS accepts certificates, keys and names.
//
// Deno.startTls and Deno.listenTls report that too late: the connection or the listener is lost then. An HTTP client takes
// the same certificates and keys, needs no permission, and connects nowhere before it is used.

import { parseIPv4, parseIPv6 } from "../../base/ip.ts";

/** The longest name of a server. */
const LONGEST_NAME = 253;

/** A label of a name. */
const LABEL = /^(?!-)[\w-]{1,63}(?<!-)$/;

/** Returns whether Deno's TLS accepts the name of a server: an IP address, or labels of which the last is no number. */
export function acceptsName(name: string): boolean {
  if (parseIPv4(name) !== undefined || parseIPv6(name) !== undefined) return true;
  const labels = name.split(".");
  // A name may end in a dot.
  if (labels.at(-1) === "") labels.pop();
  return name.length <= LONGEST_NAME && labels.every((label) => LABEL.test(label)) &&
    !/^\d+$/.test(labels.at(-1) ?? "0");
}

/** Returns why Deno's TLS refuses authorities, or a certificate with its key; null if it accepts them. */
export function refusalOf(options: { caCerts: string[] } | { cert: string; key: string }): string | null {
  try {
    Deno.createHttpClient(options).close();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
