// The file of a Unix listener. Deno unlinks the listener's path when it closes, whatever is there by then: another
// server's socket after a restart by rename, or a regular file. So what is there is looked at first.

import { absolutePath } from "./paths.ts";

/** What stands at a path: the same file has the same identity. Null where nothing does, or it may not be looked at. */
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

/** The file that a listener's bind has made. */
export class ListenerFile {
  readonly #path: string;
  readonly #made: { dev: number; ino: number | null } | null;

  /** Remembers what bind has made at a path. Abstract names are no files. */
  constructor(path: string) {
    // Deno keeps the path as it was given: openers give it an absolute one.
    this.#path = absolutePath(path);
    this.#made = path.startsWith("\0") ? null : identityOf(this.#path);
  }

  /**
   * Closes the listener, and leaves a file alone that is not its own: that has a second name for the moment, since
   * Deno's unlink cannot be kept from the first one. `underWay` is an accept that Deno ends, and with it the listener.
   * Answers a promise where that takes a moment.
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

  /** Whether something stands at the path that is not this listener's. A directory is in no danger of being unlinked. */
  #isAnothers(): boolean {
    if (this.#made === null) return false;
    const there = identityOf(this.#path);
    if (there === null || there.isDirectory) return false;
    return there.ino !== this.#made.ino || there.dev !== this.#made.dev;
  }

  /** Gives the file its first name back, unless something newer has that. */
  #restore(second: string): undefined {
    try {
      Deno.linkSync(second, this.#path);
    } catch {
      // Something newer has the name.
    }
    Deno.removeSync(second);
  }

  /** Where the file cannot be kept, the listener stays open until the process ends, and turns away its clients. */
  #keepOpen(listener: Deno.Listener, underWay: Promise<unknown> | undefined): undefined {
    (listener as Deno.Listener & { unref(): void }).unref();
    const turnAway = async () => {
      await underWay;
      for (;;) (await listener.accept()).close();
    };
    turnAway().catch(() => {});
  }
}
