// getfqdn's rules, whoever asks the names.

import { OSError } from "../../base/errors.ts";

/** The first name with a dot that a look-up finds for a host; the host itself where it finds none. */
export async function qualify(
  name: string,
  gethostname: () => string,
  gethostbyaddr: (host: string) => Promise<[hostname: string, aliases: string[], addresses: string[]]>,
): Promise<string> {
  if (typeof name !== "string") throw new TypeError(`getfqdn() argument 1 must be a string, not ${typeof name}`);
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
