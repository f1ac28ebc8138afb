// What Deno's Unix datagram sockets need: an end to the receive under way, and whether a path takes datagrams.
//
// Ending a receive:
//
// Deno lends such a socket to one operation at a time: while a receive is under way, a send fails with Busy, and the
// receive can be neither cancelled nor unreferenced. It does end when a datagram arrives. A bound socket can be sent one:
// an empty one, from a helper socket whose name cannot be guessed.

import { errorFor } from "../base/errors.ts";
import { absolutePath, abstractAllowed, requireAbstract, secretName } from "./addresses.ts";
import { fromDeno } from "./errors.ts";
import { turns } from "./event_loop.ts";

const EMPTY = new Uint8Array(0);

/** Sends a bound Unix socket empty datagrams that end its receive, and knows them again. */
export class Interrupter {
  readonly #target: Deno.UnixAddr;
  #helper: Deno.DatagramConn | null = null;
  #underWay = false;

  constructor(target: Deno.UnixAddr) {
    this.#target = target;
  }

  /** Ends the receive under way where that takes no permission that is not granted yet. */
  interruptIfAllowed(): void {
    if (this.#helper !== null || abstractAllowed()) this.interrupt(() => {});
  }

  /** Ends the receive under way. One datagram is enough for many callers. */
  interrupt(failed: (error: unknown) => void): void {
    if (this.#underWay) return;
    try {
      if (this.#helper === null) {
        requireAbstract(
          "a Unix datagram socket that sends while a receive is under way ends that by a datagram from an abstract name",
        );
      }
      this.#helper ??= Deno.listenDatagram({ transport: "unixpacket", path: secretName("interrupt") });
    } catch (error) {
      return failed(error);
    }
    this.#underWay = true;
    this.#helper.send(EMPTY, this.#target).catch((error) => {
      this.#underWay = false;
      failed(error);
    });
  }

  /** Whether a datagram came from the helper: it is dropped then. */
  sent(from: Deno.Addr): boolean {
    if (this.#helper === null || (from as Deno.UnixAddr).path !== (this.#helper.addr as Deno.UnixAddr).path) {
      return false;
    }
    this.#underWay = false;
    return true;
  }

  /** Closes the helper. */
  close(): void {
    this.#helper?.close();
    this.#helper = null;
  }
}

// Whether datagrams are taken at a Unix path. Deno's datagram sockets are never connected, so that nothing would tell
// before the first send. A stream's connect tells, without a trace at a datagram socket: the kernel answers EPROTOTYPE
// there. (A stream listener, which is the wrong partner, sees a connection that ends at once.)

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
