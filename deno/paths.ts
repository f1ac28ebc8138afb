// Paths of Unix sockets.

import type { Address } from "../base/addresses.ts";
import { errorFor } from "../base/errors.ts";
import { fromDeno } from "./errors.ts";
import { requireAbstract } from "./permissions.ts";
import { NATIVE_HINT } from "./refusals.ts";

/** A path as Deno takes it: text. */
export function unixPath(address: Address, syscall: string): string {
  if (typeof address === "string") return address;
  throw errorFor("EOPNOTSUPP", { syscall, address, hint: `a path that is not UTF-8: ${NATIVE_HINT}` });
}

/** sizeof sun_path, less the NUL that ends a path. */
const LONGEST_PATH = Deno.build.os === "darwin" ? 103 : 107;

/**
 * The path from the root, so that a change of the working directory changes nothing of it. A path stays as it is where
 * that would be too long for the kernel.
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

/** The path to connect to. Throws what the kernel's connect would where no socket is, as far as Deno lets one look. */
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

/** Whether two paths are of one socket: a sender's is told as it was bound, which may be relative. */
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
 * A name in Linux's abstract namespace that cannot be guessed: 122 random bits. It is no file, so it needs no permission
 * for files, and goes with its socket.
 */
export function secretName(purpose: string): string {
  return `\0berkeley-${purpose}-${crypto.randomUUID()}`;
}

/** The name of a Unix socket that is bound to "": hexadecimal digits, as the kernel picks them, but more than its five. */
export function autobindName(): string {
  requireAbstract(
    "a Unix socket that is bound to no path gets an abstract name, and no single one can be granted; bind it to a path " +
      "that is",
  );
  return `\0${crypto.randomUUID().replaceAll("-", "")}`;
}
