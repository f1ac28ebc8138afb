// A Deno.TlsListener that returns connections whose handshake is done.
//
// Handshakes run side by side, so that a slow or silent client delays no other client. The next accept throws the error
// of a handshake that failed.

import { TlsConn } from "./conn.ts";

/** The number of handshakes at a time. One more ends the oldest, so that silent clients cannot use up the server's memory. */
const MOST_HANDSHAKES = 512;

/** The functions that settle the promise of an accept. */
interface Request {
  resolve(conn: Deno.Conn): void;
  reject(error: unknown): void;
}

/** A Deno listener and the handshakes of its connections. */
export class HandshakingListener {
  readonly #listener: Deno.TlsListener;
  readonly #suppressRaggedEofs: boolean;
  readonly #handshakeOnAccept: boolean;
  /** Connections whose handshake is under way. */
  readonly #handshakes = new Set<TlsConn>();
  /** Connections and errors that no accept has returned yet. */
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

  /** Accepts a connection. As in Deno, only one accept may be under way. */
  accept(): Promise<Deno.Conn> {
    return new Promise((resolve, reject) => {
      this.#request = { resolve, reject };
      this.#settleRequest();
      if (this.#request !== null) this.#acceptNext();
    });
  }

  #settleRequest(): void {
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
      // Starts the handshake of the next connection while the accept waits.
      if (this.#request !== null) this.#acceptNext();
    }, (error) => {
      this.#accepting = false;
      this.#addOutcome({ error });
    });
  }

  #take(conn: TlsConn): void {
    if (this.#closed) return conn.close();
    if (!this.#handshakeOnAccept) return this.#addOutcome({ conn });
    this.#handshakes.add(conn);
    conn.handshake().then(() => {
      if (this.#handshakes.delete(conn)) this.#addOutcome({ conn });
    }, (error) => {
      if (!this.#handshakes.delete(conn)) return;
      conn.close();
      this.#addOutcome({ error });
    });
    if (this.#handshakes.size > MOST_HANDSHAKES) this.#drop(this.#handshakes.values().next().value!);
  }

  #addOutcome(outcome: { conn: TlsConn } | { error: unknown }): void {
    this.#outcomes.push(outcome);
    this.#settleRequest();
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
