/**
 * Python's `ssl` module over OpenSSL 3 by FFI. It has the API and the names of `@berkeley/socket/ssl`, and also supports
 * client certificates, SSLObject, sessions, callbacks for server names, and the peer's certificate. It puts TLS on sockets
 * of the default and the native backend.
 *
 * It needs `--allow-ffi` for libc, libssl.so.3 and libcrypto.so.3. ALPN on a server, `sni_callback` and pre-shared keys
 * need `--allow-ffi` without a list of paths. Files of certificates need `--allow-read`. The system's authorities do not.
 *
 * @example A client that checks the server's certificate
 * ```ts ignore
 * import * as socket from "@berkeley/socket/native";
 * import * as ssl from "@berkeley/socket/native/ssl";
 * import assert from "node:assert/strict";
 *
 * const context = ssl.create_default_context();
 * const sock = await socket.create_connection(["example.org", 443]);
 * using secure = await context.wrap_socket(sock, { server_hostname: "example.org" });
 * assert.equal(secure.version(), "TLSv1.3");
 * assert.deepEqual(secure.getpeercert()?.subjectAltName?.[0], ["DNS", "example.org"]);
 * ```
 *
 * @module
 */

import { PROTOCOL_TLS, Purpose } from "../tls/constants.ts";
import type { PurposeObject } from "../tls/constants.ts";
import { BaseContext } from "../tls/context.ts";
import type { VerifyLocations } from "../tls/context.ts";
import { defaultContext } from "../tls/default_context.ts";
import { serverCertificate } from "../tls/server_certificate.ts";
import type { ServerCertificateOptions } from "../tls/server_certificate.ts";
import { create_connection } from "../native.ts";
import { NativeContext } from "./tls/context.ts";
import { builtInPaths, existing } from "./tls/system.ts";
import type { DefaultPaths } from "./tls/system.ts";

export * from "../tls/exports.ts";
export type { ServerCertificateOptions } from "../tls/server_certificate.ts";
export { MemoryBIO } from "./tls/memory_bio.ts";
export { SSLSession } from "./tls/session.ts";
export type { DefaultPaths } from "./tls/system.ts";

/** Whether pre-shared keys are supported. */
export const HAS_PSK = true;

/**
 * A context, as Python's `ssl.SSLContext`: the trusted authorities, its certificate, and the settings of connections.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import * as ssl from "@berkeley/socket/native/ssl";
 *
 * const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
 * context.load_default_certs();
 * assert(context.check_hostname && context.verify_mode === ssl.CERT_REQUIRED);
 * ```
 */
export class SSLContext extends BaseContext {
  /**
   * Makes a context for a protocol: PROTOCOL_TLS_CLIENT or PROTOCOL_TLS_SERVER.
   *
   * @throws {RangeError} for a protocol that is not supported.
   * @throws {Error} if OpenSSL 3 is missing; the message names the package.
   */
  constructor(protocol: number = PROTOCOL_TLS) {
    super(protocol, new NativeContext(protocol));
  }
}

/**
 * Makes a context with safe settings, as Python's `ssl.create_default_context()`. For clients (Purpose.SERVER_AUTH) it
 * checks certificates and host names, with the given authorities or else with the system's. For servers (CLIENT_AUTH) it
 * needs `load_cert_chain`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import * as ssl from "@berkeley/socket/native/ssl";
 *
 * const context = ssl.create_default_context();
 * assert(context.check_hostname);
 * ```
 */
export function create_default_context(
  purpose: PurposeObject | VerifyLocations = Purpose.SERVER_AUTH,
  options?: VerifyLocations,
): SSLContext {
  return defaultContext((protocol) => new SSLContext(protocol), purpose, options);
}

/**
 * Connects to a server and returns its certificate in PEM, as Python's `ssl.get_server_certificate()`. Without `ca_certs`
 * the certificate is not verified.
 */
export function get_server_certificate(
  addr: [host: string, port: number],
  options: ServerCertificateOptions = {},
): Promise<string> {
  const makeContext = (protocol: number) => new SSLContext(protocol);
  const connect = (address: [string, number], timeout: number | null | undefined) =>
    timeout === undefined ? create_connection(address) : create_connection(address, timeout);
  return serverCertificate({ makeContext, connect }, addr, options);
}

/**
 * Returns the paths where OpenSSL looks for the system's authorities, as Python's `ssl.get_default_verify_paths()`. The
 * environment is used if it may be read.
 */
export function get_default_verify_paths(): DefaultPaths {
  return existing(builtInPaths());
}
