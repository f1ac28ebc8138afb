// The information about a TLS connection of Deno, which reports only the ALPN protocol. The other methods throw, because
// null would be wrong.

import { errorFor } from "../../base/errors.ts";
import type { ConnectionInfo } from "../../tls/engine.ts";

/** The hint in every error for a feature that Deno's TLS does not support. */
export const NATIVE_TLS_HINT =
  'Deno\'s TLS cannot do this. Native TLS can: import "@berkeley/socket/native" and "@berkeley/socket/native/ssl"';

function unknown(what: string): Error {
  return errorFor("EOPNOTSUPP", { syscall: what, hint: `${what}: ${NATIVE_TLS_HINT}` });
}

/** The information about a connection. */
export class DenoConnectionInfo implements ConnectionInfo {
  readonly #alpn: () => string | null;
  readonly #pending: () => number;

  constructor(alpn: () => string | null, pending: () => number) {
    this.#alpn = alpn;
    this.#pending = pending;
  }

  version(): string | null {
    throw unknown("version");
  }
  cipher(): never {
    throw unknown("cipher");
  }
  sharedCiphers(): never {
    throw unknown("shared_ciphers");
  }
  compression(): null {
    return null;
  }
  alpnProtocol(): string | null {
    return this.#alpn();
  }
  peerCertificate(): never {
    throw unknown("getpeercert");
  }
  peerCertificateInfo(): never {
    throw unknown("getpeercert");
  }
  verifiedChain(): never {
    throw unknown("get_verified_chain");
  }
  unverifiedChain(): never {
    throw unknown("get_unverified_chain");
  }
  channelBinding(): never {
    throw unknown("get_channel_binding");
  }
  pending(): number {
    return this.#pending();
  }
  get session(): unknown {
    throw unknown("session");
  }
  set session(_session: unknown) {
    throw unknown("session");
  }
  get sessionReused(): boolean {
    throw unknown("session_reused");
  }
}
