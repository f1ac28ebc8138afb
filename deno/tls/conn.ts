// A Deno.TlsConn with the methods that a Connection uses. It throws Python's errors. It has no socket options.

import { errorFor } from "../../base/errors.ts";
import { eofError, SSLEOFError, SSLError } from "../../tls/errors.ts";
import { fromDenoTls } from "./errors.ts";

/** A connection with Deno's TLS. */
export class TlsConn implements Omit<Deno.Conn, "readable" | "writable" | typeof Symbol.dispose> {
  readonly #conn: Deno.TlsConn;
  readonly #suppressRaggedEofs: boolean;
  /** The ALPN protocol that was agreed on; undefined before the handshake. */
  alpnProtocol: string | null | undefined;
  #handshake: Promise<void> | undefined;
  #receiveError: SSLError | null = null;
  #sendError: SSLError | null = null;

  constructor(conn: Deno.TlsConn, suppressRaggedEofs: boolean) {
    this.#conn = conn;
    this.#suppressRaggedEofs = suppressRaggedEofs;
  }

  get localAddr(): Deno.Addr {
    return this.#conn.localAddr;
  }
  get remoteAddr(): Deno.Addr {
    return this.#conn.remoteAddr;
  }

  /** Makes the handshake. If it is under way already, waits for it. */
  handshake(): Promise<void> {
    return this.#handshake ??= this.#conn.handshake().then(({ alpnProtocol }) => {
      this.alpnProtocol = alpnProtocol;
    }, (error) => {
      throw fromDenoTls(error, "do_handshake");
    });
  }

  // These return Deno's promises unchanged. A promise around each would take 2 µs of the 20 of a round trip. `failure`
  // converts the errors.

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    return this.#conn.write(data);
  }

  /**
   * Returns the error of the connection for a failed read or write. Null means that a read ends the stream: it was cut
   * off, or TLS has failed. `receiveError` is the error then. The connection below has not failed, so SO_ERROR stays 0.
   */
  failure(error: unknown, syscall: string): Error | null {
    const failure = fromDenoTls(error, syscall);
    if (syscall !== "recv") return failure;
    if (!(failure instanceof SSLError)) {
      // After the network's error has been reported, the stream is still one that was cut off.
      if (!this.#suppressRaggedEofs) this.#receiveError = eofError(failure);
      return failure;
    }
    if (this.#suppressRaggedEofs && failure instanceof SSLEOFError) return null;
    this.#receiveError = this.#sendError = failure;
    return null;
  }

  /** The error of every receive after the last data: a stream that was cut off never seems to have ended. Null for none. */
  get receiveError(): SSLError | null {
    return this.#receiveError;
  }

  /** The error of every send after TLS has failed; null for none. */
  get sendError(): SSLError | null {
    return this.#sendError;
  }

  /** Sends close_notify and half-closes. */
  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** Sends close_notify and closes. */
  close(): void {
    this.#conn.close();
  }

  ref(): void {
    this.#conn.ref();
  }
  unref(): void {
    this.#conn.unref();
  }

  setNoDelay(): void {
    refuseOption("TCP_NODELAY");
  }
  setKeepAlive(): void {
    refuseOption("SO_KEEPALIVE");
  }
}

/** Throws the error for an option of a TLS connection. */
export function refuseOption(option: string): never {
  const hint = `Deno's TLS connections have no options: set ${option} before wrap_socket, ` +
    'or import "@berkeley/socket/native/ssl"';
  throw errorFor("ENOPROTOOPT", { syscall: "setsockopt", hint });
}
