// TLS sessions, which a later connection can resume.

import { libssl } from "./library.ts";
import type { Handle } from "./library.ts";
import { bytesBehind } from "./memory.ts";

const collected = new FinalizationRegistry<Handle>((session) => libssl().SSL_SESSION_free(session));

/** Returns the SSL_SESSION object of a session, and its context. */
export let sessionOf: (session: SSLSession) => { handle: Handle; context: object };
/** Makes a session, which owns the SSL_SESSION object. */
export let sessionFrom: (handle: Handle, context: object) => SSLSession;

/** A session, as Python's `ssl.SSLSession`. A connection that is given one to resume has a shorter handshake. */
export class SSLSession {
  readonly #handle: Handle;
  readonly #context: object;

  static {
    sessionOf = (session) => ({ handle: session.#handle, context: session.#context });
    sessionFrom = (handle, context) => new SSLSession(handle, context);
  }

  private constructor(handle: Handle, context: object) {
    if (handle === undefined) throw new TypeError("sessions are made by connections, and not by new");
    this.#handle = handle;
    this.#context = context;
    collected.register(this, handle);
  }

  /** The session's id. */
  get id(): Uint8Array<ArrayBuffer> {
    const length = new Uint32Array(1);
    const pointer = libssl().SSL_SESSION_get_id(this.#handle, length);
    return pointer === null ? new Uint8Array(0) : bytesBehind(pointer, length[0]);
  }

  /** The time of its start, in seconds since the Unix epoch. */
  get time(): number {
    return Number(libssl().SSL_SESSION_get_time(this.#handle));
  }

  /** The time in seconds during which it may be resumed. */
  get timeout(): number {
    return Number(libssl().SSL_SESSION_get_timeout(this.#handle));
  }

  /** Whether the server sent a ticket for it. */
  get has_ticket(): boolean {
    return libssl().SSL_SESSION_has_ticket(this.#handle) !== 0;
  }

  /** The time in seconds for which the ticket is valid, according to the server. */
  get ticket_lifetime_hint(): number {
    return Number(libssl().SSL_SESSION_get_ticket_lifetime_hint(this.#handle));
  }
}
