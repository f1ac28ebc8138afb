// A Deno.TlsConn in the place of a Deno.TcpConn: with Python's errors, and without the options that it does not have.

import { errorFor } from "../../base/errors.ts";
import { SSLEOFError } from "../../tls/errors.ts";
import { fromDenoTls } from "./errors.ts";

/** A connection with Deno's TLS. */
export class TlsConn implements Omit<Deno.Conn, "readable" | "writable" | typeof Symbol.dispose> {
  readonly #conn: Deno.TlsConn;
  readonly #suppressRaggedEofs: boolean;
  /** The protocol that was agreed on; undefined before the handshake. */
  alpnProtocol: string | null | undefined;
  #handshake: Promise<void> | undefined;

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

  /** Makes the handshake, or waits for the one under way. */
  handshake(): Promise<void> {
    return this.#handshake ??= this.#conn.handshake().then(({ alpnProtocol }) => {
      this.alpnProtocol = alpnProtocol;
    }, (error) => {
      throw fromDenoTls(error, "do_handshake");
    });
  }

  // Without a promise of our own around Deno's: that is 2 µs of a ping-pong's 20. Errors go through `failure`.

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    return this.#conn.write(data);
  }

  /** The error of a read or write, as Python's; null where a stream that was cut off is to be taken for one that ended. */
  failure(error: unknown, syscall: string): Error | null {
    const failure = fromDenoTls(error, syscall);
    return this.#suppressRaggedEofs && failure instanceof SSLEOFError ? null : failure;
  }

  /** Sends close_notify, and ends sending. */
  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** Sends close_notify, and closes. */
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

/** Refuses an option of a connection that has TLS. */
export function refuseOption(option: string): never {
  const hint = `Deno's TLS connections have no options: set ${option} before wrap_socket, ` +
    'or import "@berkeley/socket/native/ssl"';
  throw errorFor("ENOPROTOOPT", { syscall: "setsockopt", hint });
}
