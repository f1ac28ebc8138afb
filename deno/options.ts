// Socket options of the default backend: what those of streams and of datagrams have in common.

import {
  AF_UNIX,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_ERROR,
  SO_PROTOCOL,
  SO_TYPE,
  SOCK_STREAM,
} from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import { optionName } from "../base/option_names.ts";
import { NATIVE_HINT } from "./refusals.ts";

/** The error of an option that Deno cannot express. */
export function unknownOption(syscall: string, level: number, option: number): OSError {
  return errorFor("ENOPROTOOPT", { syscall, hint: `${optionName(level, option)}: ${NATIVE_HINT}` });
}

/** An int of an option's value, as the kernel reads it: a number, or at least four bytes. */
export function optionNumber(value: number | Uint8Array): number {
  if (typeof value === "number") return value;
  if (value.length < 4) throw errorFor("EINVAL", { syscall: "setsockopt" });
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getInt32(0, true);
}

/** An option's value as getsockopt answers it: the number, or its first bytes. */
export function optionValue(value: number, size: number | undefined): number | Uint8Array {
  if (size === undefined) return value;
  return new Uint8Array(new Int32Array([value]).buffer, 0, Math.min(size, 4)).slice();
}

/** Options of SOL_SOCKET that tell about a socket and cannot be set. */
const READ_ONLY = [SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ERROR, SO_ACCEPTCONN];

/** Refuses to set an option of SOL_SOCKET that only tells. */
export function checkSettable(name: number): void {
  if (READ_ONLY.includes(name)) throw errorFor("ENOPROTOOPT", { syscall: "setsockopt" });
}

/** The options that tell what a socket was opened as; undefined for any other. */
export function kindOption(name: number, family: number, type: number): number | undefined {
  if (name === SO_TYPE) return type;
  if (name === SO_DOMAIN) return family;
  if (name !== SO_PROTOCOL) return undefined;
  return family === AF_UNIX ? 0 : type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
}
