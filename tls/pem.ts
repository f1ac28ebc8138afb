// PEM, which is base64 between two lines, and the PEM functions of Python's ssl module.

import { PEM_FOOTER, PEM_HEADER } from "./constants.ts";

/** Decodes base64. White space is ignored. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replace(/\s+/g, "")), (character) => character.charCodeAt(0));
}

/** Encodes bytes as base64. */
function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * Converts a certificate from DER to PEM text, as Python's `ssl.DER_cert_to_PEM_cert()`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { DER_cert_to_PEM_cert } from "@berkeley/socket/ssl";
 *
 * assert(DER_cert_to_PEM_cert(new Uint8Array([1])).startsWith("-----BEGIN CERTIFICATE-----\nAQ==\n"));
 * ```
 */
export function DER_cert_to_PEM_cert(der_cert_bytes: Uint8Array): string {
  const lines = toBase64(der_cert_bytes).match(/.{1,64}/g) ?? [];
  return [PEM_HEADER, ...lines, PEM_FOOTER, ""].join("\n");
}

/**
 * Converts a certificate from PEM text to DER, as Python's `ssl.PEM_cert_to_DER_cert()`.
 *
 * @throws {RangeError} if the text does not start with the first line of PEM, or does not end with its last line.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { DER_cert_to_PEM_cert, PEM_cert_to_DER_cert } from "@berkeley/socket/ssl";
 *
 * assert.equal(PEM_cert_to_DER_cert(DER_cert_to_PEM_cert(new Uint8Array([1, 2])))[1], 2);
 * ```
 */
export function PEM_cert_to_DER_cert(pem_cert_string: string): Uint8Array<ArrayBuffer> {
  if (!pem_cert_string.startsWith(PEM_HEADER)) {
    throw new RangeError(`Invalid PEM encoding; must start with ${PEM_HEADER}`);
  }
  const text = pem_cert_string.trim();
  if (!text.endsWith(PEM_FOOTER)) throw new RangeError(`Invalid PEM encoding; must end with ${PEM_FOOTER}`);
  try {
    return fromBase64(text.slice(PEM_HEADER.length, -PEM_FOOTER.length));
  } catch {
    throw new RangeError("Invalid PEM encoding; not base64");
  }
}

/** Matches the PEM blocks of certificates. */
const CERTIFICATES = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----([^-]*)-----END \1-----/g;

/** Returns the certificates in PEM text, in DER. Other blocks and text are ignored. */
export function certificatesIn(pem: string): Uint8Array<ArrayBuffer>[] {
  return [...pem.matchAll(CERTIFICATES)].map(([, , base64]) => fromBase64(base64));
}
