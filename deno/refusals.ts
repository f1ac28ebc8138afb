// Checks for what no socket of the default backend supports. They throw the kernel's errors.

import { SHUT_RD, SHUT_RDWR, SHUT_WR } from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import type { ErrnoName } from "../base/errno.ts";
import type { AncillaryData } from "../seam/transport.ts";

/** The alternative. Every error for what Deno's net API cannot do names it. */
export const NATIVE_HINT =
  'Deno\'s net API has no way to do this, native sockets have: import "@berkeley/socket/native"';

/** Throws for flags that the default backend does not support. */
export function checkFlags(syscall: string, flags: number, served: number): void {
  if ((flags & ~served) !== 0) throw errorFor("EOPNOTSUPP", { syscall, hint: `flags ${flags}: ${NATIVE_HINT}` });
}

/** Throws if there are control messages to send. */
export function checkAncillary(ancillary: AncillaryData[]): void {
  if (ancillary.length === 0) return;
  throw errorFor("EOPNOTSUPP", { syscall: "sendmsg", hint: `ancillary data: ${NATIVE_HINT}` });
}

/** Throws without Deno's flag --unstable-net. Deno.listenDatagram exists only with that flag. */
export function checkUnstableNet(needy: string, code: ErrnoName, syscall: string): void {
  if (Deno.listenDatagram !== undefined) return;
  const hint = `${needy} Deno's flag --unstable-net (or "unstable": ["net"] in deno.json)`;
  throw errorFor(code, { syscall, hint });
}

/** Throws unless `how` is SHUT_RD, SHUT_WR or SHUT_RDWR. */
export function checkHow(how: number): void {
  if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR) throw errorFor("EINVAL", { syscall: "shutdown" });
}
