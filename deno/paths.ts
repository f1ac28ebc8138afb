// Paths of Unix sockets.

import type { Address } from "../base/addresses.ts";
import { errorFor } from "../base/errors.ts";
import { fromDeno } from "./errors.ts";
import { NATIVE_HINT } from "./refusals.ts";

/** Returns the path of an address as text, as Deno takes it. */
export function unixPath(address: Address, syscall: string): string {
  if (typeof address === "string") return address;
  throw errorFor("EOPNOTSUPP", { syscall, address, hint: `a path that is not UTF-8: ${NATIVE_HINT}` });
}

/** sizeof sun_path, less the NUL that ends a path. */
const LONGEST_PATH = Deno.build.os === "darwin" ? 103 : 107;

/**
 * Returns an absolute path, so that a change of the working directory has no effect on it. A path that would be too long
 * for the kernel is returned unchanged.
 */
export function absolutePath(path: string): string {
  if (path === "" || path.startsWith("/") || path.startsWith("\0") || Deno.build.os === "windows") return path;
  try {
    const absolute = `${Deno.cwd()}/${path}`;
    return new TextEncoder().encode(absolute).length > LONGEST_PATH ? path : absolute;
  } catch {
    // The working directory was removed.
    return path;
  }
}

function statOf(path: string): Deno.FileInfo | null {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return null;
  return Deno.statSync(path);
}

/** Returns the path to connect to. Throws connect's error if the file is no socket, and may be read. */
export function checkPeerPath(address: Address): string {
  const path = unixPath(address, "connect");
  if (path === "") throw errorFor("EINVAL", { syscall: "connect", address });
  if (path.startsWith("\0")) return path;
  let info: Deno.FileInfo | null;
  try {
    info = statOf(path);
  } catch (error) {
    throw fromDeno(error, { syscall: "connect", address });
  }
  if (info !== null && info.isSocket === false) throw errorFor("ECONNREFUSED", { syscall: "connect", address });
  return path;
}

/** Whether two paths lead to one socket. A sender's path is reported as it was bound, which may be relative. */
export function samePath(one: string, other: string): boolean {
  if (one === other) return true;
  if (one.startsWith("\0") || other.startsWith("\0")) return false;
  try {
    const [first, second] = [statOf(one), statOf(other)];
    return first !== null && second !== null && first.ino === second.ino && first.dev === second.dev;
  } catch {
    return false;
  }
}

/**
 * Returns a random name in Linux's abstract namespace, with 122 random bits. It is not a file, so it needs no permission
 * for files, and it ends with its socket.
 */
export function randomAbstractName(purpose: string): string {
  return `\0berkeley-${purpose}-${crypto.randomUUID()}`;
}
