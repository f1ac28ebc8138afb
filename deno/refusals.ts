// What every socket of the default backend refuses, with the kernel's error for it.

import { SHUT_RD, SHUT_RDWR, SHUT_WR } from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import type { ErrnoName } from "../base/errno.ts";
import type { AncillaryData } from "../seam/transport.ts";

/** The way out, named by every error for what Deno's net API cannot express. */
export const NATIVE_HINT =
  'Deno\'s net API has no way to do this, native sockets have: import "@berkeley/socket/native"';

/** Refuses flags that only the kernel can serve. */
export function checkFlags(syscall: string, flags: number, served: number): void {
  if ((flags & ~served) !== 0) throw errorFor("EOPNOTSUPP", { syscall, hint: `flags ${flags}: ${NATIVE_HINT}` });
}

/** Refuses to send control messages. */
export function checkAncillary(ancillary: AncillaryData[]): void {
  if (ancillary.length === 0) return;
  throw errorFor("EOPNOTSUPP", { syscall: "sendmsg", hint: `ancillary data: ${NATIVE_HINT}` });
}

/** Refuses what Deno has with its flag alone. Datagrams show whether it was given. */
export function checkUnstableNet(needy: string, code: ErrnoName, syscall: string): void {
  if (Deno.listenDatagram !== undefined) return;
  const hint = `${needy} Deno's flag --unstable-net (or "unstable": ["net"] in deno.json)`;
  throw errorFor(code, { syscall, hint });
}

/** Refuses what is no direction to shut down. */
export function checkHow(how: number): void {
  if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR) throw errorFor("EINVAL", { syscall: "shutdown" });
}
