// Whether datagrams are taken at a Unix path. Deno's datagram sockets are never connected, so that nothing would tell
// before the first send. A stream's connect tells, without a trace at a datagram socket: the kernel answers EPROTOTYPE
// there. (A stream listener, which is the wrong partner, sees a connection that ends at once.)

import { errorFor } from "../base/errors.ts";
import { fromDeno } from "./errors.ts";
import { absolutePath } from "./paths.ts";
import { turns } from "./turns.ts";

/** Whether Deno lets a stream be connected to a path, without asking the user: sending datagrams there takes less. */
function mayProbe(path: string): boolean {
  // Streams and datagrams have abstract names of their own: a stream's connect would tell nothing.
  if (path.startsWith("\0")) return false;
  const granted = (descriptor: Deno.PermissionDescriptor) => Deno.permissions.querySync(descriptor).state === "granted";
  return granted({ name: "read", path }) && granted({ name: "write", path }) &&
    granted({ name: "net", host: `unix:${absolutePath(path)}` });
}

/** The error of connecting a datagram socket to a path; null where there is none. */
async function probe(path: string): Promise<Error | null> {
  const wrongType = () => errorFor("EPROTOTYPE", { syscall: "connect", address: path });
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return wrongType();
  } catch (thrown) {
    const error = fromDeno(thrown, { syscall: "connect", address: path });
    const { code } = error as { code?: string };
    if (code === "EPROTOTYPE") return null;
    // A stream whose queue is full.
    return code === "EAGAIN" ? wrongType() : error;
  }
}

/** The connects of one socket that are finding out what is at their paths. */
export class Probes {
  readonly #answered: () => void;
  /** What was found, undefined until it is. By path, since duplicates of a socket may connect at the same time. */
  readonly #found = new Map<string, Error | null | undefined>();

  /** `answered` is called when something was found out. */
  constructor(answered: () => void) {
    this.#answered = answered;
  }

  /** Whether a path takes datagrams. It throws connect's error if not, and answers undefined until that is known. */
  ask(path: string): true | undefined {
    if (!this.#found.has(path)) {
      if (!mayProbe(path)) return true;
      this.#found.set(path, undefined);
      probe(path).then((error) => {
        this.#found.set(path, error);
        this.#answered();
        // What was not asked for any more is out of date by the next time. Undefined is the next question already.
        if (this.#found.get(path) !== undefined) this.#found.delete(path);
      });
      return undefined;
    }
    const error = this.#found.get(path);
    if (error === undefined) return undefined;
    this.#found.delete(path);
    if (error !== null) throw error;
    return true;
  }

  /** Waits for what is being found out, if anything. */
  settle(): Promise<void> | undefined {
    return this.#found.size === 0 ? undefined : turns(() => this.#found.size === 0);
  }
}
