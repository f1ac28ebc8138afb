// The file of a Unix listener. When a listener closes, Deno unlinks its path, whatever file is there by then. It may be
// the socket of another server, after a restart by rename, or a regular file. So this module looks at the file first.

import { absolutePath } from "./paths.ts";

/** Returns the identity of the file at a path. Null if there is none, or it may not be read. */
function identityOf(path: string): { dev: number; ino: number | null; isDirectory: boolean } | null {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return null;
  try {
    return Deno.lstatSync(path);
  } catch {
    return null;
  }
}

function mayLink(path: string): boolean {
  return (["read", "write"] as const).every((name) => Deno.permissions.querySync({ name, path }).state === "granted");
}

/** The file that the bind of a listener made. */
export class ListenerFile {
  readonly #path: string;
  readonly #made: { dev: number; ino: number | null } | null;

  /** Notes the identity of the file at a path. Abstract names have no file. */
  constructor(path: string) {
    // Deno keeps the path as it was given, and openers give it an absolute one.
    this.#path = absolutePath(path);
    this.#made = path.startsWith("\0") ? null : identityOf(this.#path);
  }

  /**
   * Closes the listener without losing a file that is not its own. Deno's unlink cannot be prevented, so such a file gets a
   * second link before, and its first link back after the close. `underWay` is an accept that ends with the listener.
   * Returns a promise if that takes time.
   */
  close(listener: Deno.Listener, underWay: Promise<unknown> | undefined): Promise<unknown> | undefined {
    if (!this.#isAnothers()) {
      listener.close();
      return underWay;
    }
    const second = `${this.#path}.${crypto.randomUUID()}`;
    try {
      if (!mayLink(second)) return this.#keepOpen(listener, underWay);
      Deno.linkSync(this.#path, second);
    } catch {
      // A file system without hard links, or a directory that may not be written to.
      return this.#keepOpen(listener, underWay);
    }
    listener.close();
    if (underWay === undefined) return this.#restore(second);
    return underWay.then(() => this.#restore(second));
  }

  /** Whether another file than the listener's is at the path. A directory does not count: unlink does not remove it. */
  #isAnothers(): boolean {
    if (this.#made === null) return false;
    const there = identityOf(this.#path);
    if (there === null || there.isDirectory) return false;
    return there.ino !== this.#made.ino || there.dev !== this.#made.dev;
  }

  /** Links the file to its first name again, unless a newer file has that name. */
  #restore(second: string): undefined {
    try {
      Deno.linkSync(second, this.#path);
    } catch {
      // A newer file has the name.
    }
    Deno.removeSync(second);
  }

  /**
   * Used when the file cannot be protected. The listener stays open until the process ends, and closes each connection that
   * it gets.
   */
  #keepOpen(listener: Deno.Listener, underWay: Promise<unknown> | undefined): undefined {
    (listener as Deno.Listener & { unref(): void }).unref();
    const turnAway = async () => {
      await underWay;
      for (;;) (await listener.accept()).close();
    };
    turnAway().catch(() => {});
  }
}
