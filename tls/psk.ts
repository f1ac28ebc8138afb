// Pre-shared keys: the types and checks of their callbacks.

import { PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER, SSL_ERROR_SSL } from "./constants.ts";
import { SSLError } from "./errors.ts";

/**
 * Returns a client's identity, or null for none, and its key. `hint` is the server's identity hint. It is null if the
 * server gave none, and always in TLS 1.3.
 */
export type PskClientCallback = (hint: string | null) => [identity: string | null, psk: Uint8Array];

/** Returns the key of a client. `identity` is null if the client has none. An empty key refuses the client. */
export type PskServerCallback = (identity: string | null) => Uint8Array;

/** Throws unless a context with this protocol may have a client's callback. */
export function checkPskClient(protocol: number, callback: unknown): void {
  if (protocol === PROTOCOL_TLS_SERVER) {
    throw new SSLError(SSL_ERROR_SSL, "Cannot add PSK client callback to a PROTOCOL_TLS_SERVER context");
  }
  checkCallable(callback);
}

/** Throws unless a context with this protocol may have a server's callback. */
export function checkPskServer(protocol: number, callback: unknown, identityHint: unknown): void {
  if (protocol === PROTOCOL_TLS_CLIENT) {
    throw new SSLError(SSL_ERROR_SSL, "Cannot add PSK server callback to a PROTOCOL_TLS_CLIENT context");
  }
  checkCallable(callback);
  if (identityHint !== null && typeof identityHint !== "string") {
    throw new TypeError("identity_hint should be a string or null");
  }
}

function checkCallable(callback: unknown): void {
  if (callback !== null && typeof callback !== "function") throw new TypeError("callback must be callable");
}
