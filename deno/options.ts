// Socket options of the default backend: what streams and datagram sockets have in common.

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

/** Returns the error for an option that Deno cannot set. */
export function unknownOption(syscall: string, level: number, option: number): OSError {
  return errorFor("ENOPROTOOPT", { syscall, hint: `${optionName(level, option)}: ${NATIVE_HINT}` });
}

/** Returns the int in an option's value, as the kernel reads it: a number, or the first four bytes. */
export function optionNumber(value: number | Uint8Array): number {
  if (typeof value === "number") return value;
  if (value.length < 4) throw errorFor("EINVAL", { syscall: "setsockopt" });
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getInt32(0, true);
}

/** Returns an option's value as getsockopt does: the number, or its first `size` bytes. */
export function optionValue(value: number, size: number | undefined): number | Uint8Array {
  if (size === undefined) return value;
  return new Uint8Array(new Int32Array([value]).buffer, 0, Math.min(size, 4)).slice();
}

/** Options of SOL_SOCKET that cannot be set. */
const READ_ONLY = [SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ERROR, SO_ACCEPTCONN];

/** Throws for an option of SOL_SOCKET that cannot be set. */
export function checkSettable(name: number): void {
  if (READ_ONLY.includes(name)) throw errorFor("ENOPROTOOPT", { syscall: "setsockopt" });
}

/** Returns the options that describe how a socket was opened; undefined for any other option. */
export function kindOption(name: number, family: number, type: number): number | undefined {
  if (name === SO_TYPE) return type;
  if (name === SO_DOMAIN) return family;
  if (name !== SO_PROTOCOL) return undefined;
  return family === AF_UNIX ? 0 : type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
}
