// The name of this machine, and its network interfaces. libc asks the kernel, and needs no permission.

import { nameOf } from "../../base/data.ts";
import { errorFor, OSError } from "../../base/errors.ts";
import { call, cString, failure, NULL, structAt, textAt, textIn } from "../call.ts";
import { libcNames } from "./libc.ts";

/** IF_NAMESIZE: the size of an interface's name with its final zero. */
const NAME_SIZE = 16;

// struct if_nameindex: unsigned int if_index @0, char *if_name @8. The list ends with a NULL name.
const INDEX = 0, NAME = 8, SIZE = 16;

/** Lists the network interfaces by index, as Python's `socket.if_nameindex()`. */
export function if_nameindex(): [index: number, name: string][] {
  const list = libcNames().if_nameindex();
  if (list === NULL) throw failure("if_nameindex");
  try {
    const found: [number, string][] = [];
    for (let entry = list;; entry += BigInt(SIZE)) {
      const view = structAt(entry, SIZE);
      const name = view.getBigUint64(NAME, true);
      if (name === NULL) return found;
      found.push([view.getUint32(INDEX, true), textAt(name)]);
    }
  } finally {
    libcNames().if_freenameindex(list);
  }
}

/**
 * Returns the index of a network interface, as Python's `socket.if_nametoindex()`.
 *
 * @throws {OSError} if there is no interface of this name.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { if_indextoname, if_nametoindex } from "@berkeley/socket/native";
 * assert.equal(if_indextoname(if_nametoindex("lo")), "lo");
 * ```
 */
export function if_nametoindex(name: string): number {
  if (typeof name !== "string") throw new TypeError(`expected a string, not ${nameOf(name)}`);
  if (name.includes("\0")) throw new RangeError("embedded null byte");
  const index = libcNames().if_nametoindex(cString(name));
  if (index === 0) throw new OSError("no interface with this name", undefined, { syscall: "if_nametoindex" });
  return index;
}

/**
 * Returns the name of a network interface by its index, as Python's `socket.if_indextoname()`.
 *
 * @throws {OSError} ENXIO if there is no interface of this index.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { if_indextoname, if_nameindex } from "@berkeley/socket/native";
 * for (const [index, name] of if_nameindex()) assert.equal(if_indextoname(index), name);
 * ```
 */
export function if_indextoname(index: number): string {
  if (!Number.isInteger(index)) throw new TypeError("an integer is required");
  if (index < 0) throw new RangeError("can't convert negative value to unsigned int");
  if (index > 0xffffffff) throw new RangeError("index is too large");
  const name = new Uint8Array(NAME_SIZE);
  if (libcNames().if_indextoname(index, name) === null) throw errorFor("ENXIO", { syscall: "if_indextoname" });
  return textIn(name);
}

/** Returns the name of this machine, as Python's `socket.gethostname()`. */
export function gethostname(): string {
  const name = new Uint8Array(256); // Linux has 64 bytes for it
  call(libcNames().gethostname(name, name.length), "gethostname");
  return textIn(name);
}
