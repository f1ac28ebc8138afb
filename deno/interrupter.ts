// Ends a receive that is under way on a Unix datagram socket.
//
// Deno runs one operation at a time on such a socket. While a receive is under way, a send fails with Busy. The receive
// cannot be cancelled or unreferenced, but it ends when a datagram arrives. So a helper socket with a random abstract
// name sends an empty datagram to the socket.

import { randomAbstractName } from "./paths.ts";
import { abstractAllowed, requireAbstract } from "./permissions.ts";

const EMPTY = new Uint8Array(0);

/** Sends empty datagrams to a bound Unix socket, and recognizes them when they are received. */
export class Interrupter {
  readonly #target: Deno.UnixAddr;
  #helper: Deno.DatagramConn | null = null;
  #underWay = false;

  constructor(target: Deno.UnixAddr) {
    this.#target = target;
  }

  /** Ends the receive under way, unless that would ask the user for a permission. */
  interruptIfAllowed(): void {
    if (this.#helper !== null || abstractAllowed()) this.interrupt(() => {});
  }

  /** Ends the receive under way. One datagram is enough, however often this is called meanwhile. */
  interrupt(failed: (error: unknown) => void): void {
    if (this.#underWay) return;
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
