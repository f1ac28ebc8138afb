// Sessions: what one connection leaves for another one to resume.

import { libssl } from "./library.ts";
import type { Handle } from "./library.ts";
import { bytesBehind } from "./memory.ts";

const collected = new FinalizationRegistry<Handle>((session) => libssl().SSL_SESSION_free(session));

/** The object of a session, and the context that it belongs to. */
export let sessionOf: (session: SSLSession) => { handle: Handle; context: object };
/** Makes a session of OpenSSL's object, which it owns. */
export let sessionFrom: (handle: Handle, context: object) => SSLSession;

/** A session, as Python's `ssl.SSLSession`: given to `wrap_socket` it saves a part of the handshake. */
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

  /** The session's name. */
  get id(): Uint8Array<ArrayBuffer> {
    const length = new Uint32Array(1);
    const pointer = libssl().SSL_SESSION_get_id(this.#handle, length);
    return pointer === null ? new Uint8Array(0) : bytesBehind(pointer, length[0]);
  }

  /** When it began, in seconds since the Epoch. */
  get time(): number {
    return Number(libssl().SSL_SESSION_get_time(this.#handle));
  }

  /** How long it may be resumed, in seconds. */
  get timeout(): number {
    return Number(libssl().SSL_SESSION_get_timeout(this.#handle));
  }

  /** Whether the server sent a ticket for it. */
  get has_ticket(): boolean {
    return libssl().SSL_SESSION_has_ticket(this.#handle) !== 0;
  }

  /** How long the ticket holds, in seconds, as the server said. */
  get ticket_lifetime_hint(): number {
    return Number(libssl().SSL_SESSION_get_ticket_lifetime_hint(this.#handle));
  }
}
