/**
 * TLS, as Python's ssl module, over Deno's own TLS. It needs the permissions of the connection only. Certificate files need
 * `--allow-read` too.
 *
 * Deno's TLS has clients that check certificates and host names, and servers on listening sockets. `wrap_socket` refuses
 * everything else before a byte is sent. Its error names `@berkeley/socket/native/ssl`, which has what Deno's TLS lacks, over OpenSSL.
 * docs/tls.md lists what is left out.
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
import { NATIVE_TLS_HINT } from "./deno/tls/connection_info.ts";
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
 * The settings of TLS connections, as Python's `ssl.SSLContext`: trusted authorities, certificate, protocol versions.
 *
 * @example
 * ```ts
 * import * as ssl from "@berkeley/socket/ssl";
 * import assert from "node:assert/strict";
 *
 * const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
 * context.load_default_certs();
 * assert.equal(context.check_hostname, true);
 * assert.equal(context.verify_mode, ssl.CERT_REQUIRED);
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
 * Makes a context with safe settings, as Python's `ssl.create_default_context()`.
 *
 * For clients (Purpose.SERVER_AUTH) the context checks certificates and host names. It trusts the given authorities, or those
 * of the system if none are given. For servers (Purpose.CLIENT_AUTH) call `load_cert_chain` next.
 *
 * Deno always trusts the authorities of the system too. So a context with given authorities also needs a call of
 * `load_default_certs()`. Without it `wrap_socket` refuses the context.
 *
 * @example
 * ```ts
 * import * as ssl from "@berkeley/socket/ssl";
 * import assert from "node:assert/strict";
 *
 * const context = ssl.create_default_context();
 * assert.equal(context.check_hostname, true);
 * ```
 */
export function create_default_context(
  purpose: PurposeObject | VerifyLocations = Purpose.SERVER_AUTH,
  options?: VerifyLocations,
): SSLContext {
  return defaultContext((protocol) => new SSLContext(protocol), purpose, options);
}

/**
 * Throws: Deno's TLS does not give the certificate of the peer. `@berkeley/socket/native/ssl` has this function.
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

/** A queue of bytes for `SSLContext.wrap_bio`. Only `@berkeley/socket/native/ssl` has it. */
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

/** A session to resume. Only `@berkeley/socket/native/ssl` has sessions. */
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
 * Throws: there is no OpenSSL here. `@berkeley/socket/native/ssl` has this function.
 *
 * @throws {OSError} EOPNOTSUPP, always.
 */
export function get_default_verify_paths(): never {
  const hint = `get_default_verify_paths: ${NATIVE_TLS_HINT}`;
  throw errorFor("EOPNOTSUPP", { syscall: "get_default_verify_paths", hint });
}
