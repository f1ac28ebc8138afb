// The names of Unix sockets on a host: paths, and Linux's abstract names.

import { fromUnixPathBytes } from "../../base/addresses.ts";
import type { UnixAddress } from "../../base/addresses.ts";
import { errorFor } from "../../base/errors.ts";

/** Returns the key of a name in a map. Two byte strings with the same bytes have the same key. */
function keyOf(name: UnixAddress): string {
  return typeof name === "string" ? name : `bytes ${[...name].join()}`;
}

function isAbstract(name: UnixAddress): boolean {
  return typeof name === "string" ? name.startsWith("\0") : name[0] === 0;
}

/** Returns whether a path is a directory. A host has only one: "/", "." and ".." and paths of these name it. */
function isDirectory(name: UnixAddress): boolean {
  return typeof name === "string" && name !== "" && name.split("/").every((part) => /^\.{0,2}$/.test(part));
}

/** The object with a name: an open socket, or the file of a closed socket. */
type Entry<S> = { readonly socket: S } | "file";

/** The names of one host. */
export class UnixNames {
  readonly #names = new Map<string, Entry<unknown>>();
  #next = 1;

  /**
   * Gives a name to a socket and returns the name. For "" it chooses an abstract name. Throws EADDRINUSE if a socket or a
   * file has the name. `before` is the present name of the socket. A socket with a name gets EINVAL, but "" returns its
   * name. If both errors apply, a path gets EADDRINUSE, and an abstract name EINVAL.
   */
  bind(name: UnixAddress, socket: unknown, before: UnixAddress | undefined): UnixAddress {
    const isTaken = isDirectory(name) || this.#names.has(keyOf(name));
    if (name === "" && before !== undefined) return before;
    const code = before !== undefined && !(isTaken && !isAbstract(name)) ? "EINVAL" : isTaken ? "EADDRINUSE" : null;
    if (code !== null) throw errorFor(code, { syscall: "bind", address: name });
    const given = name === "" ? this.#automatic() : name;
    this.#names.set(keyOf(given), { socket });
    return given;
  }

  /** Returns a free abstract name of the form that Linux chooses: a NUL and five hexadecimal digits. */
  #automatic(): UnixAddress {
    for (;;) {
      const name = `\0${(this.#next++).toString(16).padStart(5, "0")}`;
      if (!this.#names.has(name)) return name;
    }
  }

  /** Returns the socket with a name. Throws ENOENT or ECONNREFUSED if there is none. */
  find(name: UnixAddress, syscall: string): unknown {
    const found = isDirectory(name) ? "file" : this.#names.get(keyOf(name));
    if (found === undefined || found === "file") {
      const code = found === undefined && !isAbstract(name) ? "ENOENT" : "ECONNREFUSED";
      throw errorFor(code, { syscall, address: name });
    }
    return found.socket;
  }

  /** Called when the socket with a name is closed. An abstract name becomes free. A path stays as a file. */
  release(name: UnixAddress, socket: unknown): void {
    const key = keyOf(name);
    const found = this.#names.get(key);
    if (found === undefined || found === "file" || found.socket !== socket) return;
    if (isAbstract(name)) this.#names.delete(key);
    else this.#names.set(key, "file");
  }

  /** Removes a path, given as text or as bytes, as unlink(2) does. Returns whether there was one. */
  unlink(path: string | Uint8Array): boolean {
    const name = typeof path === "string" ? path : fromUnixPathBytes(path);
    return !isAbstract(name) && this.#names.delete(keyOf(name));
  }
}

/** Returns a name as text, for the list of sockets. */
export function nameText(name: UnixAddress): string {
  const text = typeof name === "string" ? name : String(fromUnixPathBytes(name));
  return text.startsWith("\0") ? `@${text.slice(1)}` : text;
}
