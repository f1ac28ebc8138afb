// Deno's Unix datagram sockets: ending a receive that is under way, and probing whether a path takes datagrams.
//
// Deno runs one operation at a time on such a socket. While a receive is under way, a send fails with Busy. The receive
// cannot be cancelled or unreferenced, but it ends when a datagram arrives. So a helper socket with a random abstract
// name sends an empty datagram to the socket.

import { errorFor } from "../base/errors.ts";
import { absolutePath, abstractAllowed, identityOf, randomAbstractName, requireAbstract } from "./addresses.ts";
import type { FileIdentity } from "./addresses.ts";
import { fromDeno } from "./errors.ts";
import { eventLoopTurns, noted } from "./event_loop.ts";

const EMPTY = new Uint8Array(0);

const PATH_HINT = "It could be ended by a datagram to the socket's own path, but that has been removed or replaced";

/** Sends empty datagrams to a bound Unix socket, and recognizes them when they are received. */
export class Interrupter {
  readonly #target: Deno.UnixAddr;
  /** The file that bind made. Null for an abstract name, which no other socket can take. */
  readonly #made: FileIdentity | null;
  #helper: Deno.DatagramConn | null = null;
  #underWay = false;

  constructor({ transport, path }: Deno.UnixAddr) {
    // The path may be relative, and the working directory may change.
    const absolute = absolutePath(path ?? "");
    this.#target = { transport, path: absolute };
    this.#made = absolute.startsWith("\0") ? null : identityOf(absolute);
  }

  /** Whether a datagram to the path would arrive at this socket, and not at one that has taken its path. */
  #isReachable(): boolean {
    if (this.#made === null) return true;
    const there = identityOf(this.#target.path!);
    return there !== null && there.ino === this.#made.ino && there.dev === this.#made.dev;
  }

  /** Ends the receive under way, unless that would ask the user for a permission. */
  interruptIfAllowed(): void {
    if (this.#helper !== null || abstractAllowed()) this.interrupt(() => {});
  }

  /** Ends the receive under way. One datagram is enough, however often this is called meanwhile. */
  interrupt(failed: (error: unknown) => void): void {
    if (this.#underWay) return;
    if (!this.#isReachable()) {
      return failed(errorFor("EBUSY", { syscall: "sendto", hint: `a receive is under way. ${PATH_HINT}` }));
    }
    try {
      if (this.#helper === null) {
        requireAbstract(
          "a Unix datagram socket that sends while a receive is under way ends that by a datagram from an abstract name",
        );
      }
      this.#helper ??= Deno.listenDatagram({ transport: "unixpacket", path: randomAbstractName("interrupt") });
    } catch (error) {
      return failed(error);
    }
    this.#underWay = true;
    this.#helper.send(EMPTY, this.#target).catch((error) => {
      this.#underWay = false;
      failed(error);
    });
  }

  /** Whether a datagram came from the helper. Such a datagram must be dropped. */
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

// Finding out whether a datagram socket is at a Unix path.

/** Whether the permissions allow a stream's connect to a path. Sending datagrams there needs fewer permissions. */
function mayProbe(path: string): boolean {
  // Streams and datagram sockets have separate abstract names, so a stream's connect would show nothing.
  if (path.startsWith("\0")) return false;
  const granted = (descriptor: Deno.PermissionDescriptor) => Deno.permissions.querySync(descriptor).state === "granted";
  return granted({ name: "read", path }) && granted({ name: "write", path }) &&
    granted({ name: "net", host: `unix:${absolutePath(path)}` });
}

/**
 * Returns the error of connecting a datagram socket to a path, or null.
 *
 * Deno's datagram sockets are never connected, so only the first send would show an error. The connect of a stream shows it
 * as well: the kernel returns EPROTOTYPE for a datagram socket, which notices nothing. A stream listener, which is an error
 * in any case, gets a connection that ends at once.
 */
async function probe(path: string): Promise<Error | null> {
  const wrongType = () => errorFor("EPROTOTYPE", { syscall: "connect", address: path });
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return wrongType();
  } catch (thrown) {
    const error = fromDeno(thrown, { syscall: "connect", address: path });
    const { code } = error as { code?: string };
    if (code === "EPROTOTYPE") return null;
    // A stream listener whose queue is full.
    return code === "EAGAIN" ? wrongType() : error;
  }
}

/** The probes of one socket. */
export class Probes {
  readonly #answered: () => void;
  /** The outcomes by path; undefined while the probe is under way. Duplicates of a socket may connect at the same time. */
  readonly #found = new Map<string, Error | null | undefined>();

  /** `answered` is called when a probe has ended. */
  constructor(answered: () => void) {
    this.#answered = answered;
  }

  /** Returns true if a path takes datagrams, and undefined while that is not known. Throws connect's error if not. */
  ask(path: string): true | undefined {
    if (!this.#found.has(path)) {
      if (!mayProbe(path)) return true;
      this.#found.set(path, undefined);
      noted(probe(path)).then((error) => {
        this.#found.set(path, error);
        this.#answered();
        // If no call has taken the outcome by now, it is dropped, and the next connect probes again. (Undefined means
        // that the next probe is under way.)
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

  /** Waits for the probes under way. */
  settle(): Promise<void> | undefined {
    return this.#found.size === 0 ? undefined : eventLoopTurns(() => this.#found.size === 0);
  }
}
