// The rules of getfqdn, for every way of looking up names.

import { hostText } from "../../base/addresses.ts";
import { nameOf } from "../../base/data.ts";
import { OSError } from "../../base/errors.ts";

/** Returns the first name with a dot that a look-up finds for a host, or the host itself. */
export async function qualify(
  given: string | Uint8Array,
  gethostname: () => string,
  gethostbyaddr: (host: string) => Promise<[hostname: string, aliases: string[], addresses: string[]]>,
): Promise<string> {
  const name = hostText(given, "getfqdn");
  if (typeof name !== "string") throw new TypeError(`getfqdn() argument 1 must be a string, not ${nameOf(name)}`);
  const trimmed = name.trim();
  const host = trimmed === "" || trimmed === "0.0.0.0" || trimmed === "::" ? gethostname() : trimmed;
  try {
    const [hostname, aliases] = await gethostbyaddr(host);
    return [hostname, ...aliases].find((candidate) => candidate.includes(".")) ?? hostname;
  } catch (error) {
    if (error instanceof OSError) return host;
    throw error;
  }
}
