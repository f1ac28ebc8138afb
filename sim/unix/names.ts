// The names of Unix sockets on a host: paths, and Linux's abstract names.

import { fromUnixPathBytes } from "../../base/addresses.ts";
import type { UnixAddress } from "../../base/addresses.ts";
import { errorFor } from "../../base/errors.ts";

/** A name as the key of a map. Two byte strings with the same bytes have the same key. */
function keyOf(name: UnixAddress): string {
  return typeof name === "string" ? name : `bytes ${[...name].join()}`;
}

function isAbstract(name: UnixAddress): boolean {
  return typeof name === "string" ? name.startsWith("\0") : name[0] === 0;
}

/** Whether a path is the only directory that a host has: "/", ".", ".." or a path made of them. */
function isDirectory(name: UnixAddress): boolean {
  return typeof name === "string" && name !== "" && name.split("/").every((part) => /^\.{0,2}$/.test(part));
}

/** What a name belongs to: an open socket, or the file of a closed socket. */
type Entry<S> = { readonly socket: S } | "left behind";

/** The names of one host. */
export class UnixNames {
  readonly #names = new Map<string, Entry<unknown>>();
  #next = 1;

  /**
   * Gives a name to a socket and returns it. For "" it chooses an abstract name. A taken name is EADDRINUSE, also if
   * only a file is left. A second name is EINVAL, except that "" changes nothing then. For a path, EADDRINUSE takes
   * precedence.
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

  /** A free abstract name as Linux makes one: a NUL and five digits. */
  #automatic(): UnixAddress {
    for (;;) {
      const name = `\0${(this.#next++).toString(16).padStart(5, "0")}`;
      if (!this.#names.has(name)) return name;
    }
  }

  /** The socket with a name. Throws ENOENT or ECONNREFUSED if there is none. */
  find(name: UnixAddress, syscall: string): unknown {
    const found = isDirectory(name) ? "left behind" : this.#names.get(keyOf(name));
    if (found === undefined || found === "left behind") {
      const code = found === undefined && !isAbstract(name) ? "ENOENT" : "ECONNREFUSED";
      throw errorFor(code, { syscall, address: name });
    }
    return found.socket;
  }

  /** Notes that the socket with a name is closed. An abstract name becomes free. A path stays as a file. */
  release(name: UnixAddress, socket: unknown): void {
    const key = keyOf(name);
    const found = this.#names.get(key);
    if (found === undefined || found === "left behind" || found.socket !== socket) return;
    if (isAbstract(name)) this.#names.delete(key);
    else this.#names.set(key, "left behind");
  }

  /** Removes a path, as unlink(2) does. Returns whether there was one. */
  unlink(path: UnixAddress): boolean {
    return !isAbstract(path) && this.#names.delete(keyOf(path));
  }
}

/** A name as text for the list of sockets. */
export function nameText(name: UnixAddress): string {
  const text = typeof name === "string" ? name : String(fromUnixPathBytes(name));
  return text.startsWith("\0") ? `@${text.slice(1)}` : text;
}
