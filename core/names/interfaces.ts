// Network interfaces by name and index.

import { nameOf } from "../../base/data.ts";
import { errorFor, OSError } from "../../base/errors.ts";
import type { Resolver } from "../../seam/resolver.ts";

/** The index of a network interface. */
export function if_nametoindex(resolver: Resolver, name: string): number {
  if (typeof name !== "string") throw new TypeError(`expected a string, not ${nameOf(name)}`);
  if (name.includes("\0")) throw new RangeError("embedded null byte");
  const entry = resolver.findInterface((entry) => entry[1] === name);
  if (entry === undefined) throw new OSError("no interface with this name", undefined, { syscall: "if_nametoindex" });
  return entry[0];
}

/** The name of a network interface, by its index. */
export function if_indextoname(resolver: Resolver, index: number): string {
  if (!Number.isInteger(index)) throw new TypeError("an integer is required");
  if (index < 0) throw new RangeError("can't convert negative value to unsigned int");
  if (index > 0xffffffff) throw new RangeError("index is too large");
  const entry = resolver.findInterface((entry) => entry[0] === index);
  if (entry === undefined) throw errorFor("ENXIO", { syscall: "if_indextoname" });
  return entry[1];
}
