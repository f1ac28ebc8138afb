// The engine of OpenSSL: one side of one TLS connection.

import { isLiteral } from "../../base/addresses.ts";
import { AF_INET, AF_INET6 } from "../../base/constants.ts";
import type { Bytes } from "../../base/data.ts";
import { readCertificate } from "../../tls/certificate.ts";
import type { CertificateInfo } from "../../tls/certificate.ts";
import { CERT_NONE, SSL_ERROR_WANT_READ, SSL_ERROR_ZERO_RETURN } from "../../tls/constants.ts";
import type { EngineRequest } from "../../tls/context_engine.ts";
import { NEEDS_DATA } from "../../tls/engine.ts";
import type { CipherInfo, Engine } from "../../tls/engine.ts";
import { cString } from "../call.ts";
import { derOf } from "./certificates.ts";
import { cipherInfo } from "./ciphers.ts";
import { engineError, failed } from "./errors.ts";
import { serverHandshake } from "./handshake.ts";
import type { OwnContext, Side } from "./handshake.ts";
import { libcrypto, libssl } from "./library.ts";
import type { Handle } from "./library.ts";
import { addressIn, stack, textBehind } from "./memory.ts";
import { bioOf } from "./memory_bio.ts";
import type { MemoryBIO } from "./memory_bio.ts";
import { withPsk } from "./psk.ts";
import { sessionFrom, sessionOf, SSLSession } from "./session.ts";

const SSL_CTRL_MODE = 33;
const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
/** A repeated write may use other memory. After a record without data, a read continues with the next record. */
const SSL_MODES = 0x02 | 0x04; // SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, SSL_MODE_AUTO_RETRY

/**
 * A server that asks for certificates resumes sessions only if it has an id. A client with an id would refuse pre-shared
 * keys in TLS 1.3, because their sessions have none.
 */
const SESSION_CONTEXT = new TextEncoder().encode("berkeley");

const SSL_SENT_SHUTDOWN = 1;
const MOST = 2 ** 31 - 1;
const LONGEST_FINISHED = 128;

const collected = new FinalizationRegistry<Handle>((ssl) => libssl().SSL_free(ssl));

/** Returns the SSL object of an engine, for tests. */
export let handleOf: (engine: NativeEngine) => Handle;

/** One side of one TLS connection. */
export class NativeEngine implements Engine {
  readonly serverHostname: string | null;
  readonly #ssl: Handle;
  readonly #side: Side;
  #established = false;
  readonly #one = new Uint8Array(1);

  static {
    handleOf = (engine) => engine.#ssl;
  }

  constructor(context: OwnContext, request: EngineRequest, incoming: MemoryBIO, outgoing: MemoryBIO) {
    const { serverHostname: name, serverSide, session } = request;
    const resumed = session === null || session === undefined ? null : checkSession(session, context, serverSide);
    this.serverHostname = name;
    const ssl = libssl().SSL_new(context.handle);
    if (ssl === null) throw failed();
    this.#ssl = ssl;
    this.#side = { handle: ssl, request, context };
    collected.register(this, ssl, this);
    for (const queue of [incoming, outgoing]) libcrypto().BIO_up_ref(bioOf(queue));
    libssl().SSL_set_bio(ssl, bioOf(incoming), bioOf(outgoing));
    libssl().SSL_ctrl(ssl, SSL_CTRL_MODE, BigInt(SSL_MODES), null);
    if (name !== null) this.#expectName(name, request.checkHostname);
    if (resumed !== null) libssl().SSL_set_session(ssl, resumed);
    if (serverSide) {
      libssl().SSL_set_accept_state(ssl);
      libssl().SSL_set_session_id_context(ssl, SESSION_CONTEXT, SESSION_CONTEXT.length);
    } else libssl().SSL_set_connect_state(ssl);
  }

  /** Sets the name for SNI and, if checked, for the verification. An address is not sent in SNI. */
  #expectName(name: string, checked: boolean): void {
    const isAddress = isLiteral(name, AF_INET) || isLiteral(name, AF_INET6);
    const text = cString(name);
    if (!isAddress && libssl().SSL_ctrl(this.#ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, 0n, text) !== 1n) throw failed();
    if (!checked) return;
    const param = libssl().SSL_get0_param(this.#ssl);
    const done = isAddress
      ? libcrypto().X509_VERIFY_PARAM_set1_ip_asc(param, text)
      : libcrypto().X509_VERIFY_PARAM_set1_host(param, text, text.length - 1);
    if (done !== 1) throw failed();
  }

  // The connection

  get established(): boolean {
    return this.#established;
  }

  handshake(): boolean {
    libcrypto().ERR_clear_error();
    const { serverSide } = this.#side.request;
    const step = () => serverSide ? serverHandshake(this.#side) : libssl().SSL_do_handshake(this.#ssl);
    const result = withPsk(this.#side, step);
    if (result === 1) return this.#established = true;
    this.#needsData(result);
    return false;
  }

  read(view: Uint8Array): number {
    if (view.length === 0) return 0;
    libcrypto().ERR_clear_error();
    const count = libssl().SSL_read(this.#ssl, view as Bytes, Math.min(view.length, MOST));
    if (count > 0) return count;
    return this.#endOrNeed(count);
  }

  readable(): boolean {
    if (libssl().SSL_pending(this.#ssl) > 0) return true;
    libcrypto().ERR_clear_error();
    const count = libssl().SSL_peek(this.#ssl, this.#one, 1);
    // SSL_peek takes an error from the stream: a later SSL_read would report the end.
    return count > 0 || this.#endOrNeed(count) !== NEEDS_DATA;
  }

  write(data: Uint8Array): number {
    if (data.length === 0) return 0;
    libcrypto().ERR_clear_error();
    const count = libssl().SSL_write(this.#ssl, data as Bytes, Math.min(data.length, MOST));
    return count > 0 ? count : this.#needsData(count);
  }

  closeNotify(): void {
    if ((libssl().SSL_get_shutdown(this.#ssl) & SSL_SENT_SHUTDOWN) !== 0) return;
    // The result, whether the peer has sent its close_notify, is not needed. After a fatal error nothing is sent.
    libssl().SSL_shutdown(this.#ssl);
    libcrypto().ERR_clear_error();
  }

  shutdown(): boolean {
    // The first call sends close_notify, the second one reads the peer's.
    for (let call = 0; call < 2; call++) {
      libcrypto().ERR_clear_error();
      const result = libssl().SSL_shutdown(this.#ssl);
      if (result === 1) return true;
      if (result < 0) return this.#needsData(result) !== NEEDS_DATA;
    }
    return false;
  }

  #needsData(result: number): typeof NEEDS_DATA {
    const kind = libssl().SSL_get_error(this.#ssl, result);
    if (kind === SSL_ERROR_WANT_READ) return NEEDS_DATA;
    throw engineError(kind, this);
  }

  #endOrNeed(result: number): number {
    const kind = libssl().SSL_get_error(this.#ssl, result);
    if (kind === SSL_ERROR_WANT_READ) return NEEDS_DATA;
    if (kind === SSL_ERROR_ZERO_RETURN) return 0;
    throw engineError(kind, this);
  }

  free(): void {
    collected.unregister(this);
    libssl().SSL_free(this.#ssl);
  }

  // Information

  pending(): number {
    return libssl().SSL_pending(this.#ssl);
  }

  verifyResult(): number {
    return Number(libssl().SSL_get_verify_result(this.#ssl));
  }

  version(): string | null {
    return this.#established ? textBehind(libssl().SSL_get_version(this.#ssl)) : null;
  }

  cipher(): CipherInfo | null {
    const cipher = libssl().SSL_get_current_cipher(this.#ssl);
    return cipher === null ? null : cipherInfo(cipher);
  }

  sharedCiphers(): CipherInfo[] | null {
    const theirs = libssl().SSL_get_client_ciphers(this.#ssl);
    if (!this.#side.request.serverSide || theirs === null) return null;
    const id = (cipher: Handle) => libssl().SSL_CIPHER_get_id(cipher);
    const ours = new Set(Array.from(stack(libssl().SSL_get_ciphers(this.#ssl)), id));
    return [...stack(theirs)].filter((cipher) => ours.has(id(cipher))).map(cipherInfo);
  }

  compression(): null {
    return null;
  }

  alpnProtocol(): string | null {
    const pointer = new Uint8Array(8);
    const length = new Uint32Array(1);
    libssl().SSL_get0_alpn_selected(this.#ssl, pointer, length);
    return length[0] === 0 ? null : new TextDecoder().decode(addressIn(pointer, length[0]));
  }

  peerCertificate(): Bytes | null {
    if (!this.#established) throw new RangeError("handshake not done yet");
    const certificate = libssl().SSL_get1_peer_certificate(this.#ssl);
    if (certificate === null) return null;
    try {
      return derOf(certificate);
    } finally {
      libcrypto().X509_free(certificate);
    }
  }

  peerCertificateInfo(): CertificateInfo | null | undefined {
    const der = this.peerCertificate();
    if (der === null) return null;
    return this.#side.context.verifyMode === CERT_NONE ? undefined : readCertificate(der);
  }

  verifiedChain(): Bytes[] {
    return Array.from(stack(libssl().SSL_get0_verified_chain(this.#ssl)), derOf);
  }

  unverifiedChain(): Bytes[] {
    const chain = Array.from(stack(libssl().SSL_get_peer_cert_chain(this.#ssl)), derOf);
    // On a server OpenSSL's chain lacks the peer's own certificate.
    const own = this.#side.request.serverSide ? this.peerCertificate() : null;
    return own === null ? chain : [own, ...chain];
  }

  channelBinding(): Bytes | null {
    const finished = new Uint8Array(LONGEST_FINISHED);
    // tls-unique is the first Finished message: the client's, or the server's in a resumed session.
    const own = this.sessionReused !== !this.#side.request.serverSide;
    const ask = own ? libssl().SSL_get_finished : libssl().SSL_get_peer_finished;
    const length = ask(this.#ssl, finished, finished.length);
    return length === 0 ? null : finished.slice(0, length);
  }

  get session(): SSLSession | null {
    const session = libssl().SSL_get1_session(this.#ssl);
    return session === null ? null : sessionFrom(session, this.#side.context);
  }
  set session(session: unknown) {
    const handle = checkSession(session, this.#side.context, this.#side.request.serverSide);
    if (this.#established) throw new RangeError("Cannot set session after handshake.");
    if (libssl().SSL_set_session(this.#ssl, handle) !== 1) throw failed();
  }

  get sessionReused(): boolean {
    return libssl().SSL_session_reused(this.#ssl) !== 0;
  }
}

function checkSession(session: unknown, context: OwnContext, serverSide: boolean): Handle {
  if (!(session instanceof SSLSession)) throw new TypeError("Value is not a SSLSession.");
  const { handle, context: own } = sessionOf(session);
  if (own !== context) throw new RangeError("Session refers to a different SSLContext.");
  if (serverSide) throw new RangeError("Cannot set session for server-side SSLSocket.");
  return handle;
}
