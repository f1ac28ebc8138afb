// Ways to end a receive that is under way on a datagram socket.
//
// Deno lends a Unix datagram socket to one operation at a time: while a receive is under way, a send fails
// with Busy, and a receive can be neither cancelled nor unreferenced. But it ends when a datagram arrives, and a
// socket that has a name can be sent one: an empty one, from a helper whose name nobody else can have.

import { abstractAllowed, allowed, notCapable, requireAbstract } from "./permissions.ts";
import { secretName } from "./secret.ts";

/** 16 bytes that nobody can guess. */
const WORD_SIZE = 16;

const EMPTY = new Uint8Array(0);

/** Sends a bound Unix socket datagrams that mean nothing, and knows them again. */
export class Nudge {
  readonly #target: Deno.UnixAddr;
  #helper: Deno.DatagramConn | null = null;
  #underWay = false;

  constructor(target: Deno.UnixAddr) {
    this.#target = target;
  }

  /** Ends the receive under way where no permission is missing for that. No call asked for it, so the user is not asked. */
  sendIfAllowed(): void {
    if (this.#helper !== null || abstractAllowed()) this.send(() => {});
  }

  /** Ends the receive under way. One nudge is enough for many callers. */
  send(failed: (error: unknown) => void): void {
    if (this.#underWay) return;
    try {
      if (this.#helper === null) {
        requireAbstract(
          "a Unix datagram socket that sends while a receive is under way ends that by a datagram from an abstract name",
        );
      }
      this.#helper ??= Deno.listenDatagram({ transport: "unixpacket", path: secretName("nudge") });
    } catch (error) {
      return failed(error);
    }
    this.#underWay = true;
    this.#helper.send(EMPTY, this.#target).catch((error) => {
      this.#underWay = false;
      failed(error);
    });
  }

  /** Whether a datagram is a nudge: it is dropped then. */
  arrived(from: Deno.Addr): boolean {
    if (this.#helper === null || (from as Deno.UnixAddr).path !== (this.#helper.addr as Deno.UnixAddr).path) {
      return false;
    }
    this.#underWay = false;
    return true;
  }

  /** Ends the helper. */
  close(): void {
    this.#helper?.close();
    this.#helper = null;
  }
}

/** The same for UDP, where it needs no helper: a datagram to oneself, of bytes that nobody else knows. */
export class Knock {
  readonly #word = crypto.getRandomValues(new Uint8Array(WORD_SIZE));

  /** Ends the receive under way; rejects where the socket may not be sent to. */
  async at(conn: Deno.DatagramConn): Promise<void> {
    const { hostname, port } = conn.addr as Deno.NetAddr;
    if (!allowed(hostname, port)) throw notCapable(hostname, port);
    await conn.send(this.#word, conn.addr);
  }

  /** Whether a datagram is a knock: it is dropped then. */
  arrived(data: Uint8Array): boolean {
    return data.length === WORD_SIZE && data.every((byte, i) => byte === this.#word[i]);
  }
}
