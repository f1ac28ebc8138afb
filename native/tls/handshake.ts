// The callbacks in a server's handshake: for the protocol (ALPN) and for the server's name (SNI).
//
// Callbacks need --allow-ffi without a list of paths. A callback exists only during one call into OpenSSL, so contexts need
// not be closed.

import { nameOf } from "../../base/data.ts";
import { ALERT_DESCRIPTION_INTERNAL_ERROR } from "../../tls/constants.ts";
import type { EngineRequest } from "../../tls/context_engine.ts";
import type { PskClientCallback, PskServerCallback } from "../../tls/psk.ts";
import { libcMemory } from "../libc.ts";
import { libssl } from "./library.ts";
import type { Handle } from "./library.ts";
import { bytesBehind, textBehind } from "./memory.ts";

const SSL_CTRL_SET_TLSEXT_SERVERNAME_CB = 53;
const TLSEXT_NAMETYPE_host_name = 0;
const SSL_TLSEXT_ERR_OK = 0;
const SSL_TLSEXT_ERR_ALERT_FATAL = 2;
const SSL_TLSEXT_ERR_NOACK = 3;
const ALERT_HANDSHAKE_FAILURE = 40;

const SERVER_NAME = { parameters: ["pointer", "pointer", "pointer"], result: "i32" } as const;
const ALPN = { parameters: ["pointer", "pointer", "pointer", "pointer", "u32", "pointer"], result: "i32" } as const;

/** Encodes protocols as TLS does: each after its length. */
export function protocolList(protocols: readonly string[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(protocols.flatMap((name) => {
    const bytes = new TextEncoder().encode(name);
    return [bytes.length, ...bytes];
  }));
}

/** Chooses the server's first protocol that the client has. Returns its place in the client's list. */
function choose(ours: readonly string[], theirs: Uint8Array): [offset: number, length: number] | null {
  const offered = new Map<string, [number, number]>();
  for (let at = 0; at < theirs.length; at += 1 + theirs[at]) {
    offered.set(new TextDecoder().decode(theirs.subarray(at + 1, at + 1 + theirs[at])), [at + 1, theirs[at]]);
  }
  for (const name of ours) {
    const found = offered.get(name);
    if (found !== undefined) return found;
  }
  return null;
}

function isAlert(answer: unknown): answer is number {
  return Number.isInteger(answer) && (answer as number) >= 0 && (answer as number) <= 255;
}

function shown(answer: unknown): string {
  return typeof answer === "number" ? String(answer) : nameOf(answer);
}

/** The part of a context that its connections use. */
export interface OwnContext {
  /** The SSL_CTX object. */
  readonly handle: Handle;
  readonly alpnProtocols: readonly string[];
  readonly verifyMode: number;
  readonly pskClient: PskClientCallback | null;
  readonly pskServer: PskServerCallback | null;
}

/** One side of a connection during its handshake. */
export interface Side {
  readonly handle: Handle;
  readonly request: EngineRequest;
  /** A callback for server names may replace it. */
  context: OwnContext;
}

/** Runs a part of a server's handshake with the callbacks. */
export function serverHandshake(server: Side): number {
  const { onServerName } = server.request;
  if (onServerName === null && server.context.alpnProtocols.length === 0) {
    return libssl().SSL_do_handshake(server.handle);
  }
  const first = server.context;
  const raised: unknown[] = [];
  const protocol = new Deno.UnsafeCallback(ALPN, (_ssl, out, length, offered, count) => {
    if (server.context.alpnProtocols.length === 0) return SSL_TLSEXT_ERR_NOACK;
    const chosen = choose(server.context.alpnProtocols, bytesBehind(offered!, count));
    if (chosen === null) return SSL_TLSEXT_ERR_NOACK;
    // OpenSSL copies the name at once, so it may point into the client's list.
    const address = BigInt(Deno.UnsafePointer.value(offered)) + BigInt(chosen[0]);
    libcMemory().memcpy_to(out, new Uint8Array(new BigUint64Array([address]).buffer), 8);
    libcMemory().memcpy_to(length, new Uint8Array([chosen[1]]), 1);
    return SSL_TLSEXT_ERR_OK;
  });
  const name = onServerName === null ? null : new Deno.UnsafeCallback(SERVER_NAME, (ssl, alert) => {
    const give = (number: number) => {
      libcMemory().memcpy_to(alert, new Uint8Array(new Int32Array([number]).buffer), 4);
      return SSL_TLSEXT_ERR_ALERT_FATAL;
    };
    try {
      const asked = textBehind(libssl().SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
      const answer = onServerName(asked, {
        use(context) {
          server.context = context as unknown as OwnContext;
          libssl().SSL_set_SSL_CTX(server.handle, server.context.handle);
          libssl().SSL_CTX_set_alpn_select_cb(server.context.handle, protocol.pointer, null);
        },
      });
      if (answer === null) return SSL_TLSEXT_ERR_OK;
      if (isAlert(answer)) return give(answer);
      raised.push(new TypeError(`sni_callback must return the number of an alert or null, not ${shown(answer)}`));
      return give(ALERT_DESCRIPTION_INTERNAL_ERROR);
    } catch (error) {
      raised.push(error);
      return give(ALERT_HANDSHAKE_FAILURE);
    }
  });
  try {
    libssl().SSL_CTX_set_alpn_select_cb(first.handle, protocol.pointer, null);
    if (name !== null) libssl().SSL_CTX_callback_ctrl(first.handle, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, name.pointer);
    return libssl().SSL_do_handshake(server.handle);
  } finally {
    for (const context of new Set([first, server.context])) {
      libssl().SSL_CTX_set_alpn_select_cb(context.handle, null, null);
    }
    if (name !== null) libssl().SSL_CTX_callback_ctrl(first.handle, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, null);
    protocol.close();
    name?.close();
    // deno-lint-ignore no-unsafe-finally -- the callback's own error says more than OpenSSL's "callback failed"
    if (raised.length > 0) throw raised[0];
  }
}
