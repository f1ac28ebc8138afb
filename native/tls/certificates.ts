// Conversion of PEM and DER to OpenSSL's certificates and keys.

import { SSL_ERROR_SSL } from "../../tls/constants.ts";
import { SSLError } from "../../tls/errors.ts";
import { errorOf, failed, takeFailure } from "./errors.ts";
import { libcrypto, made } from "./library.ts";
import type { Handle } from "./library.ts";
import { bioOf, MemoryBIO } from "./memory_bio.ts";

/** Returns a certificate in DER. */
export function derOf(certificate: Handle): Uint8Array<ArrayBuffer> {
  const out = new MemoryBIO();
  libcrypto().i2d_X509_bio(bioOf(out), certificate);
  return out.read();
}

/** Returns a queue that holds some bytes and the end of the stream. */
function queueOf(data: string | Uint8Array): MemoryBIO {
  const queue = new MemoryBIO();
  queue.write(data);
  queue.write_eof();
  return queue;
}

/** Certificates or revocation lists, which are freed together. */
export class Objects implements Disposable {
  readonly all: Handle[] = [];
  readonly #free: (object: Handle) => void;

  constructor(free: (object: Handle) => void) {
    this.#free = free;
  }

  [Symbol.dispose](): void {
    for (const object of this.all) this.#free(object);
  }
}

/** Reads all PEM blocks of one kind in a text. Other text is ignored. A broken block throws. */
function readAll(text: string, read: (bio: Handle) => Deno.PointerValue, objects: Objects): void {
  const queue = queueOf(text);
  for (;;) {
    const object = read(bioOf(queue));
    if (object === null) break;
    objects.all.push(object);
  }
  const failure = takeFailure();
  if (failure === null || failure.reason === "NO_START_LINE") return;
  objects[Symbol.dispose]();
  throw errorOf(failure, failure.text);
}

/** Reads the certificates in PEM text. */
export function certificatesInPem(text: string): Objects {
  const objects = new Objects((certificate) => libcrypto().X509_free(certificate));
  readAll(text, (bio) => libcrypto().PEM_read_bio_X509(bio, null, null, NO_PASSWORD), objects);
  return objects;
}

/** Reads the revocation lists in PEM text. */
export function revocationListsInPem(text: string): Objects {
  const objects = new Objects((list) => libcrypto().X509_CRL_free(list));
  readAll(text, (bio) => libcrypto().PEM_read_bio_X509_CRL(bio, null, null, NO_PASSWORD), objects);
  return objects;
}

/** Reads consecutive certificates in DER. */
export function certificatesInDer(der: Uint8Array): Objects {
  const objects = new Objects((certificate) => libcrypto().X509_free(certificate));
  const queue = queueOf(der);
  while (queue.pending > 0) {
    const certificate = libcrypto().d2i_X509_bio(bioOf(queue), null);
    if (certificate === null) {
      objects[Symbol.dispose]();
      const failure = takeFailure();
      const words = failure?.reason === "HEADER_TOO_LONG" || failure?.reason === "NOT_ENOUGH_DATA"
        ? "not enough data: cadata does not contain a certificate"
        : failure?.text ?? "cadata does not contain a certificate";
      throw new SSLError(SSL_ERROR_SSL, words, { library: failure?.library, reason: failure?.reason });
    }
    objects.all.push(certificate);
  }
  return objects;
}

/** The empty password. Without any password OpenSSL would ask at the terminal. */
const NO_PASSWORD = new Uint8Array(1);

/** The longest password that Python and OpenSSL accept, in bytes. */
const LONGEST_PASSWORD = 1023;

/** Reads a private key in PEM text. `password` is called if the key is encrypted. */
export function privateKey(text: string, password: () => string | Uint8Array | null): Handle {
  const queue = queueOf(text);
  let given = NO_PASSWORD;
  if (/ENCRYPTED/.test(text)) {
    const answer = password();
    if (answer === null) {
      throw new SSLError(SSL_ERROR_SSL, "[PEM] the private key is encrypted, and no password was given", {
        library: "PEM",
        reason: "BAD_PASSWORD_READ",
      });
    }
    const bytes = typeof answer === "string" ? new TextEncoder().encode(answer) : answer;
    if (bytes.length > LONGEST_PASSWORD) {
      throw new RangeError(`password cannot be longer than ${LONGEST_PASSWORD} bytes`);
    }
    if (bytes.includes(0)) throw new RangeError("password has a null byte");
    given = new Uint8Array(bytes.length + 1);
    given.set(bytes);
  }
  const key = libcrypto().PEM_read_bio_PrivateKey(bioOf(queue), null, null, given);
  given.fill(0);
  if (key === null) throw failed();
  return key;
}

/** Reads the parameters of the Diffie-Hellman key exchange in PEM text. */
export function dhParams(text: string): Handle {
  // OpenSSL's own error would name the decoders that it tried.
  if (!text.includes("-----BEGIN DH PARAMETERS-----")) throw noStartLine();
  const parameters = libcrypto().PEM_read_bio_Parameters(bioOf(queueOf(text)), null);
  if (parameters === null) throw failed();
  if (libcrypto().EVP_PKEY_is_a(parameters, new TextEncoder().encode("DH\0")) !== 1) {
    libcrypto().EVP_PKEY_free(parameters);
    throw noStartLine();
  }
  return made(parameters);
}

/** Returns the error for PEM text without the expected block. */
export function noStartLine(hint?: string): SSLError {
  const reason = "NO_START_LINE";
  return new SSLError(SSL_ERROR_SSL, "[PEM: NO_START_LINE] no start line", { library: "PEM", reason, hint });
}
