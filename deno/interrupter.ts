// Ending a receive that is under way on a Unix datagram socket.
//
// Deno lends such a socket to one operation at a time: while a receive is under way, a send fails with Busy, and the
// receive can be neither cancelled nor unreferenced. It does end when a datagram arrives. A bound socket can be sent one:
// an empty one, from a helper socket whose name cannot be guessed.

import { secretName } from "./paths.ts";
import { abstractAllowed, requireAbstract } from "./permissions.ts";

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
