// A Deno.TlsListener that hands out connections whose handshake is done.
//
// Handshakes go on side by side, so that a client that is slow or silent holds up no other one. One that fails is told to the next
// accept.

import { TlsConn } from "./conn.ts";

/** So many handshakes go on at once. One more, and the oldest is ended: silent clients must not fill the server. */
const MOST_HANDSHAKES = 512;

/** A promise, and what settles it. */
interface Request {
  resolve(conn: Deno.Conn): void;
  reject(error: unknown): void;
}

/** A listener of Deno's, with the handshakes of its connections. */
export class HandshakingListener {
  readonly #listener: Deno.TlsListener;
  readonly #suppressRaggedEofs: boolean;
  readonly #handshakeOnAccept: boolean;
  /** Connections whose handshake goes on. */
  readonly #handshakes = new Set<TlsConn>();
  /** What no accept has asked for yet. */
  readonly #outcomes: ({ conn: TlsConn } | { error: unknown })[] = [];
  #request: Request | null = null;
  #accepting = false;
  #closed = false;

  constructor(listener: Deno.TlsListener, suppressRaggedEofs: boolean, handshakeOnAccept: boolean) {
    this.#listener = listener;
    this.#suppressRaggedEofs = suppressRaggedEofs;
    this.#handshakeOnAccept = handshakeOnAccept;
  }

  get addr(): Deno.Addr {
    return this.#listener.addr;
  }

  /** The next connection. One accept at a time, as Deno has it. */
  accept(): Promise<Deno.Conn> {
    return new Promise((resolve, reject) => {
      this.#request = { resolve, reject };
      this.#answer();
      if (this.#request !== null) this.#acceptNext();
    });
  }

  #answer(): void {
    const request = this.#request;
    const outcome = request === null ? undefined : this.#outcomes.shift();
    if (request === null || outcome === undefined) return;
    this.#request = null;
    if ("error" in outcome) request.reject(outcome.error);
    else request.resolve(outcome.conn as unknown as Deno.Conn);
  }

  #acceptNext(): void {
    if (this.#accepting || this.#closed) return;
    this.#accepting = true;
    this.#listener.accept().then((conn) => {
      this.#accepting = false;
      this.#take(new TlsConn(conn, this.#suppressRaggedEofs));
      // While an accept waits, the next connection's handshake begins.
      if (this.#request !== null) this.#acceptNext();
    }, (error) => {
      this.#accepting = false;
      this.#settle({ error });
    });
  }

  #take(conn: TlsConn): void {
    if (this.#closed) return conn.close();
    if (!this.#handshakeOnAccept) return this.#settle({ conn });
    this.#handshakes.add(conn);
    conn.handshake().then(() => {
      if (this.#handshakes.delete(conn)) this.#settle({ conn });
    }, (error) => {
      if (!this.#handshakes.delete(conn)) return;
      conn.close();
      this.#settle({ error });
    });
    if (this.#handshakes.size > MOST_HANDSHAKES) this.#drop(this.#handshakes.values().next().value!);
  }

  #settle(outcome: { conn: TlsConn } | { error: unknown }): void {
    this.#outcomes.push(outcome);
    this.#answer();
  }

  #drop(conn: TlsConn): void {
    this.#handshakes.delete(conn);
    conn.close();
  }

  close(): void {
    this.#closed = true;
    this.#listener.close();
    for (const conn of this.#handshakes) this.#drop(conn);
    for (const outcome of this.#outcomes.splice(0)) if ("conn" in outcome) outcome.conn.close();
  }

  ref(): void {
    this.#listener.ref();
  }
  unref(): void {
    this.#listener.unref();
  }
}
