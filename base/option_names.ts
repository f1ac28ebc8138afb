// The names of socket options, for error texts.

import * as constants from "./constants.ts";

/** The levels with the beginnings of their options' names. */
const LEVELS: Record<string, RegExp> = {
  SOL_SOCKET: /^SO_(?!VM_|J1939_|DEFAULT_)/,
  IPPROTO_IP: /^IP_(?!DEFAULT_|MAX_)/,
  IPPROTO_IPV6: /^IPV6_(?!RTHDR_TYPE)/,
  IPPROTO_TCP: /^TCP_/,
  IPPROTO_UDP: /^UDP_/,
};

/** What an option is called: "IPV6_V6ONLY", or by its numbers where it has no name. */
export function optionName(level: number, option: number): string {
  const all = Object.entries(constants as Record<string, unknown>);
  for (const [name, names] of Object.entries(LEVELS)) {
    if ((constants as Record<string, unknown>)[name] !== level) continue;
    const found = all.find(([candidate, number]) => number === option && names.test(candidate));
    if (found !== undefined) return found[0];
  }
  return `option ${option} of level ${level}`;
}
