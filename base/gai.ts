// The errors of look-ups: numbers and texts are glibc's on every platform, as this module raises them itself.

import * as constants from "./constants/names.ts";
import type { ErrorContext } from "./errors.ts";
import { gaierror, herror } from "./errors.ts";

/** gai_strerror(3) */
const GAI_TEXTS = {
  EAI_BADFLAGS: "Bad value for ai_flags",
  EAI_NONAME: "Name or service not known",
  EAI_AGAIN: "Temporary failure in name resolution",
  EAI_FAIL: "Non-recoverable failure in name resolution",
  EAI_NODATA: "No address associated with hostname",
  EAI_FAMILY: "ai_family not supported",
  EAI_SOCKTYPE: "ai_socktype not supported",
  EAI_SERVICE: "Servname not supported for ai_socktype",
  EAI_ADDRFAMILY: "Address family for hostname not supported",
  EAI_MEMORY: "Memory allocation failure",
  EAI_SYSTEM: "System error",
  EAI_OVERFLOW: "Result too large for supplied buffer",
} as const;

/** The names of getaddrinfo's errors. */
export type GaiName = keyof typeof GAI_TEXTS;

/** The error whose text is in a message: Deno tells getaddrinfo's failures by glibc's text alone. */
export function gaiNameIn(message: string): GaiName | undefined {
  return (Object.keys(GAI_TEXTS) as GaiName[]).find((name) => message.includes(GAI_TEXTS[name]));
}

/** Makes the error of getaddrinfo and getnameinfo. */
export function gaiErrorFor(code: GaiName, context: ErrorContext = {}): gaierror {
  return new gaierror(constants[code], GAI_TEXTS[code], { ...context, code });
}

/** hstrerror(3), by number from 1 */
const H_ERRORS = {
  HOST_NOT_FOUND: [1, "Unknown host"],
  TRY_AGAIN: [2, "Host name lookup failure"],
  NO_RECOVERY: [3, "Unknown server error"],
  NO_DATA: [4, "No address associated with name"],
} as const;

/** The names of gethostbyaddr's errors. */
export type HName = keyof typeof H_ERRORS;

/** Makes the error of gethostbyname_ex and gethostbyaddr. */
export function hErrorFor(code: HName, context: ErrorContext = {}): herror {
  const [errno, text] = H_ERRORS[code];
  return new herror(errno, text, { ...context, code });
}
