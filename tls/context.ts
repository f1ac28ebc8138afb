// Contexts: the settings of many connections, as Python's SSLContext. Each backend's SSLContext extends this class and has
// its own engine.

import { checkInteger, checkOptions } from "../core/arguments.ts";
import type { Socket } from "../core/socket.ts";
import { readCertificate } from "./certificate.ts";
import type { CertificateInfo } from "./certificate.ts";
import {
  CERT_NONE,
  CERT_OPTIONAL,
  CERT_REQUIRED,
  PROTOCOL_TLS,
  PROTOCOL_TLS_CLIENT,
  PROTOCOL_TLS_SERVER,
  Purpose,
  SSL_ERROR_SSL,
  TLSVersion,
} from "./constants.ts";
import type { PurposeObject } from "./constants.ts";
import type { CipherDescription, ContextEngine, SessionStats, StoreStats } from "./context_engine.ts";
import type { ByteQueue } from "./engine.ts";
import { SSLError } from "./errors.ts";
import { setEngine } from "./engines.ts";
import { pemOf } from "./files.ts";
import { attachEngine, objectOf } from "./object.ts";
import type { SSLObject } from "./object.ts";
import { checkPskClient, checkPskServer } from "./psk.ts";
import type { PskClientCallback, PskServerCallback } from "./psk.ts";
import { checkSide, requestFor } from "./request.ts";
import { serverName } from "./server_name.ts";
import type { SSLSocket } from "./socket.ts";
import { wrapSocket } from "./wrap.ts";
import type { WrapSocketOptions } from "./wrap.ts";

/** The password of a key, or a function that returns it when it is needed. */
export type Password = string | Uint8Array | (() => string | Uint8Array);

/** The sources of trusted certificates; at least one of them. */
export interface VerifyLocations {
  /** The path of a PEM file, or PEM text. */
  cafile?: string | null;
  /** The path of a directory of certificates with hashed names. Only on the native backend. */
  capath?: string | null;
  /** PEM text, or consecutive certificates in DER. */
  cadata?: string | Uint8Array | null;
}

/** The last argument of `wrap_bio`: Python's keywords. */
export interface WrapBioOptions {
  /** Whether this is the server's side of the connection. */
  server_side?: boolean;
  /** The server's name. It is required for a client that checks host names. */
  server_hostname?: string | null;
  /** A session to resume. */
  session?: unknown;
}

/**
 * Gets the name that a client asks for (SNI), or null if it asks for none. It may set another `context`. It returns
 * undefined or null to go on, or the number of an alert (ALERT_DESCRIPTION_…) that ends the handshake.
 */
export type ServerNameCallback = (
  connection: { context: BaseContext },
  server_name: string | null,
  context: BaseContext,
) => number | null | undefined | void;

/**
 * The settings of many connections, as Python's `ssl.SSLContext`: the trusted authorities, its certificate, versions
 * and protocols. The SSLContext classes of both backends extend it.
 */
export abstract class BaseContext {
  readonly #protocol: number;
  readonly #engine: ContextEngine;
  #checkHostname: boolean;
  #sniCallback: ServerNameCallback | null = null;

  /** Makes a context for a protocol. `engine` is the part of it that the backend supplies. */
  constructor(protocol: number, engine: ContextEngine) {
    this.#protocol = protocol;
    this.#engine = engine;
    setEngine(this, engine);
    this.#checkHostname = protocol === PROTOCOL_TLS_CLIENT;
  }

  // Settings

  /** PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER … */
  get protocol(): number {
    return this.#protocol;
  }

  /**
   * Whether the certificate must be for the host that is connected to. Setting it to true changes `verify_mode` from
   * CERT_NONE to CERT_REQUIRED.
   */
  get check_hostname(): boolean {
    return this.#checkHostname;
  }
  set check_hostname(check: boolean) {
    if (check && this.verify_mode === CERT_NONE) this.verify_mode = CERT_REQUIRED;
    this.#checkHostname = Boolean(check);
  }

  /**
   * Whether a certificate without alternative names is matched by its common name. Always false (RFC 9525). Python's default
   * is true.
   *
   * @throws {RangeError} if it is set to true.
   */
  get hostname_checks_common_name(): boolean {
    return false;
  }
  set hostname_checks_common_name(check: boolean) {
    if (check) throw new RangeError("host names are never matched by a certificate's common name (RFC 9525)");
  }

  /**
   * CERT_NONE, CERT_OPTIONAL or CERT_REQUIRED: whether the peer's certificate is required and verified.
   *
   * @throws {RangeError} for CERT_NONE while `check_hostname` is set.
   */
  get verify_mode(): number {
    return this.#engine.verifyMode;
  }
  set verify_mode(mode: number) {
    checkInteger(mode, "verify_mode");
    if (mode !== CERT_NONE && mode !== CERT_OPTIONAL && mode !== CERT_REQUIRED) {
      throw new RangeError("invalid value for verify_mode");
    }
    if (mode === CERT_NONE && this.#checkHostname) {
      throw new RangeError("Cannot set verify_mode to CERT_NONE when check_hostname is enabled.");
    }
    this.#engine.verifyMode = mode;
  }

  /** The VERIFY_ flags, for the verification of certificates. */
  get verify_flags(): number {
    return this.#engine.verifyFlags;
  }
  set verify_flags(flags: number) {
    checkInteger(flags, "verify_flags");
    this.#engine.verifyFlags = flags;
  }

  /** The OP_ flags. */
  get options(): number {
    return this.#engine.options;
  }
  set options(options: number) {
    this.#engine.options = checkFlags(options);
  }

  /**
   * The lowest protocol version. The default is TLSv1_2, and no lower version is supported.
   *
   * @throws {RangeError} for a version that is not supported.
   */
  get minimum_version(): number {
    return this.#engine.minimumVersion;
  }
  set minimum_version(version: number) {
    checkInteger(version, "minimum_version");
    this.#requireAnyVersion("minimum_version");
    this.#engine.minimumVersion = supportedVersion(version, TLSVersion.TLSv1_3);
  }

  /** The highest protocol version. */
  get maximum_version(): number {
    return this.#engine.maximumVersion;
  }
  set maximum_version(version: number) {
    checkInteger(version, "maximum_version");
    this.#requireAnyVersion("maximum_version");
    this.#engine.maximumVersion = supportedVersion(version, TLSVersion.MAXIMUM_SUPPORTED);
  }

  #requireAnyVersion(what: string): void {
    if (![PROTOCOL_TLS, PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER].includes(this.#protocol)) {
      throw new RangeError(`The context's protocol doesn't support modification of ${what}.`);
    }
  }

  /** OpenSSL's security level, 2 by default. Only on the native backend. */
  get security_level(): number {
    return this.#engine.securityLevel;
  }

  /** How many session tickets a server sends in TLS 1.3. Only on the native backend. */
  get num_tickets(): number {
    return this.#engine.numTickets;
  }
  set num_tickets(count: number) {
    checkInteger(count, "num_tickets");
    if (count < 0) throw new RangeError("value must be non-negative");
    if (this.#protocol !== PROTOCOL_TLS_SERVER) throw new RangeError("SSLContext is not a server context.");
    this.#engine.numTickets = count;
  }

  /** The callback for server names; see {@linkcode ServerNameCallback}. Only on the native backend. */
  get sni_callback(): ServerNameCallback | null {
    return this.#sniCallback;
  }
  set sni_callback(callback: ServerNameCallback | null) {
    if (callback !== null && typeof callback !== "function") throw new TypeError("not a callable object");
    if (callback !== null && this.#protocol === PROTOCOL_TLS_CLIENT) {
      throw new RangeError("sni_callback cannot be set on TLS_CLIENT context");
    }
    this.#sniCallback = callback;
  }

  /** Sets `sni_callback`. Python has it for old programs. */
  set_servername_callback(callback: ServerNameCallback | null): void {
    this.sni_callback = callback;
  }

  /**
   * Sets the protocols to negotiate (ALPN), in order of preference.
   *
   * @throws {SSLError} for names that are empty or longer than 255 bytes.
   */
  set_alpn_protocols(alpn_protocols: Iterable<string>): void {
    const protocols = [...alpn_protocols];
    for (const name of protocols) {
      if (typeof name !== "string") throw new TypeError("ALPN protocols should be strings");
      // deno-lint-ignore no-control-regex -- the range is ASCII
      if (!/^[\x00-\x7f]*$/.test(name)) throw new RangeError("ALPN protocols should be ASCII");
      if (name === "" || name.length > 255) {
        throw new SSLError(SSL_ERROR_SSL, "ALPN protocols must be 1 to 255 in length");
      }
    }
    this.#engine.alpnProtocols = protocols;
  }

  /**
   * Sets the cipher suites of TLS 1.2, in the list format of OpenSSL. Only on the native backend.
   *
   * @throws {SSLError} if no suite is left.
   */
  set_ciphers(ciphers: string): void {
    if (typeof ciphers !== "string") throw new TypeError("a list of ciphers should be a string");
    this.#engine.setCiphers(ciphers);
  }

  /** Returns the cipher suites in order of preference. Only on the native backend. */
  get_ciphers(): CipherDescription[] {
    return this.#engine.getCiphers();
  }

  /** Sets the curve of the key exchange. Only on the native backend. */
  set_ecdh_curve(curve_name: string): void {
    if (typeof curve_name !== "string") throw new TypeError("the name of a curve should be a string");
    this.#engine.setEcdhCurve(curve_name);
  }

  /** Loads parameters for the Diffie-Hellman key exchange from a PEM file, or PEM text. Only on the native backend. */
  load_dh_params(path: string): void {
    this.#engine.loadDhParams(pemOf(path, "load_dh_params"));
  }

  /**
   * Sets the callback that gives a client's pre-shared key, as Python 3.13; null removes it. Only on the native backend. Such
   * a handshake needs no certificates. Allow the suites with `set_ciphers("PSK")`. If the callback throws, the handshake
   * throws the same error.
   *
   * @throws {SSLError} on a server's context.
   */
  set_psk_client_callback(callback: PskClientCallback | null): void {
    checkPskClient(this.#protocol, callback);
    this.#engine.setPskClient(callback);
  }

  /**
   * Sets the callback that gives the pre-shared keys of a server's clients, as Python 3.13; null removes it. Only on the
   * native backend. Clients of TLS 1.2 get the identity hint.
   *
   * @throws {SSLError} on a client's context, and for a hint that is too long.
   */
  set_psk_server_callback(callback: PskServerCallback | null, identity_hint: string | null = null): void {
    checkPskServer(this.#protocol, callback, identity_hint);
    this.#engine.setPskServer(callback, identity_hint);
  }

  // Certificates

  /**
   * Loads the context's certificate with its chain up to the authority, and the private key. Both are paths of PEM
   * files, or PEM text. Without `keyfile` the key is in `certfile`, too. Paths need `--allow-read`.
   *
   * @throws {FileNotFoundError} for a file that does not exist.
   * @throws {SSLError} for an invalid certificate or key, a wrong password, or a key of another certificate. Then nothing
   * is changed.
   */
  load_cert_chain(certfile: string, keyfile?: string | null, password?: Password | null): void {
    const certificates = pemOf(certfile, "load_cert_chain");
    const key = keyfile === undefined || keyfile === null ? certificates : pemOf(keyfile, "load_cert_chain");
    checkPassword(password);
    this.#engine.loadCertChain(certificates, key, () => passwordFrom(password));
  }

  /**
   * Trusts certificates in a PEM file, in a directory, in PEM text, or in DER. `cafile` may be a path or PEM text, and its
   * revocation lists are loaded too. The arguments can be given in order, or by name in an object. Paths need
   * `--allow-read`.
   *
   * @throws {FileNotFoundError} for a file that does not exist.
   * @throws {SSLError} if there is no certificate.
   * @throws {TypeError} if no argument is given.
   */
  load_verify_locations(
    cafile?: string | null | VerifyLocations,
    capath?: string | null,
    cadata?: string | Uint8Array | null,
  ): void {
    if (typeof cafile === "object" && cafile !== null) return this.#trust(cafile);
    this.#trust({ cafile, capath, cadata });
  }

  #trust({ cafile, capath, cadata, ...rest }: VerifyLocations): void {
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) throw new TypeError(`load_verify_locations() has no argument '${unknown}'`);
    if ((cafile ?? capath ?? cadata ?? null) === null) {
      throw new TypeError("cafile, capath and cadata cannot be all omitted");
    }
    if (cadata !== undefined && cadata !== null) this.#trustData(cadata);
    if (cafile !== undefined && cafile !== null) this.#engine.trustFile(pemOf(cafile, "load_verify_locations"));
    if (capath !== undefined && capath !== null) this.#engine.trustDirectory(capath);
  }

  #trustData(cadata: string | Uint8Array): void {
    if (typeof cadata !== "string" && !(cadata instanceof Uint8Array)) {
      throw new TypeError("cadata should be a string or bytes");
    }
    if (cadata.length === 0) throw new RangeError("Empty certificate data");
    if (typeof cadata === "string") this.#engine.trustText(cadata);
    else this.#engine.trustDer(cadata);
  }

  /** Trusts the system's authorities: Deno's own store on the default backend, OpenSSL's paths on the native backend. */
  load_default_certs(purpose: PurposeObject = Purpose.SERVER_AUTH): void {
    checkPurpose(purpose);
    this.#engine.trustSystem();
  }

  /** Trusts the system's authorities. */
  set_default_verify_paths(): void {
    this.#engine.trustSystem();
  }

  /**
   * Returns the trusted certificates of authorities. Those in a directory are included after they were used. Only on the
   * native backend.
   */
  get_ca_certs(binary_form?: false): CertificateInfo[];
  /** Returns them in DER. */
  get_ca_certs(binary_form: true): Uint8Array<ArrayBuffer>[];
  get_ca_certs(binary_form = false): CertificateInfo[] | Uint8Array<ArrayBuffer>[] {
    const all = this.#engine.authorities();
    return binary_form ? all : all.map(readCertificate);
  }

  /** Returns the number of trusted certificates and revocation lists. Only on the native backend. */
  cert_store_stats(): StoreStats {
    return this.#engine.storeStats();
  }

  /** Returns the counts of sessions and handshakes. Only on the native backend. */
  session_stats(): SessionStats {
    return this.#engine.sessionStats();
  }

  // Connections

  /**
   * Puts TLS on a socket, as Python's `SSLContext.wrap_socket()`. For a connected socket it waits for the handshake. A socket
   * that is not connected makes the handshake in `connect()`. A listening socket accepts TLS sockets. The result takes over
   * the socket, and the old object is detached.
   *
   * @throws {SSLCertVerificationError} if the certificate is not accepted. Then the connection is closed.
   * @throws {RangeError} if a client checks host names and has no `server_hostname`. Wrong arguments leave the socket
   * unchanged.
   */
  wrap_socket(sock: Socket, options: WrapSocketOptions = {}): Promise<SSLSocket> {
    return wrapSocket(this, sock, options);
  }

  /**
   * Makes one side of a connection without a network. It reads ciphertext from one MemoryBIO and writes it to another. Only
   * on the native backend.
   *
   * @throws {RangeError} if a client checks host names and has no `server_hostname`.
   */
  wrap_bio(incoming: ByteQueue, outgoing: ByteQueue, options: WrapBioOptions = {}): SSLObject {
    checkOptions(options, ["server_side", "server_hostname", "session"]);
    const { server_side = false, server_hostname = null, session = null } = options;
    const name = serverName(server_hostname);
    checkSide(this, server_side, name, session);
    const object = objectOf(this, server_side, name);
    attachEngine(
      object,
      this.#engine.connection(requestFor(this, server_side, name, session, () => object), incoming, outgoing),
    );
    return object;
  }
}

/** Throws if the argument is no purpose. */
export function checkPurpose(purpose: PurposeObject): void {
  if (purpose !== Purpose.SERVER_AUTH && purpose !== Purpose.CLIENT_AUTH) {
    throw new TypeError("purpose should be Purpose.SERVER_AUTH or Purpose.CLIENT_AUTH");
  }
}

/** Returns flags as a positive number. JavaScript's `|` and `&` make a negative number if bit 31 is set. */
function checkFlags(flags: number): number {
  if (!Number.isSafeInteger(flags)) throw new TypeError("options must be an integer");
  if (flags < -(2 ** 31)) throw new RangeError("options must be positive");
  return flags < 0 ? flags >>> 0 : flags;
}

/** Returns the version for the engine. TLS 1.2 is the lowest version that is supported. */
function supportedVersion(version: number, highest: number): number {
  if (version === TLSVersion.MINIMUM_SUPPORTED) return TLSVersion.TLSv1_2;
  if (version === TLSVersion.MAXIMUM_SUPPORTED) return highest;
  if (version === TLSVersion.TLSv1_2 || version === TLSVersion.TLSv1_3) return version;
  throw new RangeError(`Unsupported TLS/SSL version 0x${version.toString(16)}: TLS 1.2 and 1.3 are supported`);
}

function checkPassword(password: Password | null | undefined): void {
  if (password === undefined || password === null || typeof password === "function") return;
  if (typeof password !== "string" && !(password instanceof Uint8Array)) {
    throw new TypeError("password should be a string or callable");
  }
}

function passwordFrom(password: Password | null | undefined): string | Uint8Array | null {
  const answer = typeof password === "function" ? password() : password ?? null;
  if (answer === null || typeof answer === "string" || answer instanceof Uint8Array) return answer;
  throw new TypeError("password callback must return a string");
}
