/**
 * TLS, as Python's ssl module, over Deno's own TLS. It needs no permission beyond the connection's; files of certificates need
 * `--allow-read`.
 *
 * Deno's TLS makes clients that check certificates and host names, and servers on listening sockets. What it cannot do is refused
 * by `wrap_socket` before a byte is sent, with an error that names `@berkeley/socket/native/ssl`: the same names over OpenSSL, where
 * all of Python's ssl module is there. See docs/tls.md.
 *
 * @example A client
 * ```ts ignore
 * import * as socket from "@berkeley/socket";
 * import * as ssl from "@berkeley/socket/ssl";
 *
 * const context = ssl.create_default_context();
 * const sock = await socket.create_connection(["example.org", 443]);
 * await using secure = await context.wrap_socket(sock, { server_hostname: "example.org" });
 * await secure.sendall("GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
 * for await (const chunk of secure) await Deno.stdout.write(chunk);
 * ```
 *
 * @module
 */

import { DenoContext } from "./deno/tls/context.ts";
import { NATIVE_TLS_HINT } from "./deno/tls/facts.ts";
import { errorFor } from "./base/errors.ts";
import { PROTOCOL_TLS, Purpose } from "./tls/constants.ts";
import type { PurposeObject } from "./tls/constants.ts";
import { BaseContext } from "./tls/context.ts";
import type { VerifyLocations } from "./tls/context.ts";
import { defaultContext } from "./tls/default_context.ts";
import type { ServerCertificateOptions } from "./tls/server_certificate.ts";

export * from "./tls/exports.ts";
export type { ServerCertificateOptions } from "./tls/server_certificate.ts";

/**
 * A context, as Python's `ssl.SSLContext`: what is trusted, the own certificate, and how connections are made.
 *
 * @example
 * ```ts
 * import * as ssl from "@berkeley/socket/ssl";
 *
 * const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
 * context.load_default_certs();
 * console.assert(context.check_hostname && context.verify_mode === ssl.CERT_REQUIRED);
 * ```
 */
export class SSLContext extends BaseContext {
  /**
   * Makes a context for a protocol: PROTOCOL_TLS_CLIENT or PROTOCOL_TLS_SERVER.
   *
   * @throws {RangeError} for a protocol that is not supported.
   */
  constructor(protocol: number = PROTOCOL_TLS) {
    super(protocol, new DenoContext(protocol));
  }
}

/**
 * Makes a context with safe settings, as Python's `ssl.create_default_context()`: for clients (Purpose.SERVER_AUTH) one that
 * checks certificates and host names, by the authorities that are given or else by the system's; for servers (CLIENT_AUTH) one that
 * needs `load_cert_chain`.
 *
 * Deno trusts the system's authorities beside those that are given. Call `load_default_certs()` as well to say that this is wanted,
 * or wrap_socket refuses the context.
 *
 * @example
 * ```ts
 * import * as ssl from "@berkeley/socket/ssl";
 *
 * const context = ssl.create_default_context();
 * console.assert(context.check_hostname);
 * ```
 */
export function create_default_context(
  purpose: PurposeObject | VerifyLocations = Purpose.SERVER_AUTH,
  options?: VerifyLocations,
): SSLContext {
  return defaultContext((protocol) => new SSLContext(protocol), purpose, options);
}

/**
 * Asks a server for its certificate: native's alone, since Deno's TLS does not tell the peer's certificate.
 *
 * @throws {OSError} EOPNOTSUPP, always.
 */
export function get_server_certificate(
  _addr: [host: string, port: number],
  _options?: ServerCertificateOptions,
): Promise<string> {
  const hint = `get_server_certificate: ${NATIVE_TLS_HINT}`;
  return Promise.reject(errorFor("EOPNOTSUPP", { syscall: "get_server_certificate", hint }));
}

/** A queue of bytes for `SSLContext.wrap_bio`: native's alone. */
export class MemoryBIO {
  /**
   * Throws.
   *
   * @throws {OSError} EOPNOTSUPP, always.
   */
  constructor() {
    throw errorFor("EOPNOTSUPP", { syscall: "MemoryBIO", hint: `MemoryBIO: ${NATIVE_TLS_HINT}` });
  }
}

/** A session to resume: native's alone. Nothing makes one here. */
export class SSLSession {
  /**
   * Throws.
   *
   * @throws {OSError} EOPNOTSUPP, always.
   */
  constructor() {
    throw errorFor("EOPNOTSUPP", { syscall: "SSLSession", hint: `sessions: ${NATIVE_TLS_HINT}` });
  }
}

/**
 * Where OpenSSL looks for authorities: native's alone.
 *
 * @throws {OSError} EOPNOTSUPP, always.
 */
export function get_default_verify_paths(): never {
  const hint = `get_default_verify_paths: ${NATIVE_TLS_HINT}`;
  throw errorFor("EOPNOTSUPP", { syscall: "get_default_verify_paths", hint });
}
