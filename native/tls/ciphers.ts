// Cipher suites in Python's form.

import type { CipherDescription } from "../../tls/context_engine.ts";
import type { CipherInfo } from "../../tls/engine.ts";
import { libcrypto, libssl } from "./library.ts";
import type { Handle } from "./library.ts";
import { textBehind } from "./memory.ts";

/** Returns a suite as `[name, protocol, bits]`. */
export function cipherInfo(cipher: Handle): CipherInfo {
  const ssl = libssl();
  const name = textBehind(ssl.SSL_CIPHER_get_name(cipher))!;
  const protocol = textBehind(ssl.SSL_CIPHER_get_version(cipher))!;
  return [name, protocol, ssl.SSL_CIPHER_get_bits(cipher, null)];
}

/** Returns a suite's description for get_ciphers(). */
export function cipherDescription(cipher: Handle): CipherDescription {
  const ssl = libssl();
  const [name, protocol, strength_bits] = cipherInfo(cipher);
  const bits = new Int32Array(1);
  ssl.SSL_CIPHER_get_bits(cipher, bits);
  const line = new Uint8Array(512);
  ssl.SSL_CIPHER_description(cipher, line, line.length);
  const nameOf = (nid: number) => nid === 0 ? null : textBehind(libcrypto().OBJ_nid2ln(nid));
  return {
    id: ssl.SSL_CIPHER_get_id(cipher),
    name,
    protocol,
    description: new TextDecoder().decode(line.subarray(0, line.indexOf(0))).trimEnd(),
    strength_bits,
    alg_bits: bits[0],
    aead: ssl.SSL_CIPHER_is_aead(cipher) !== 0,
    symmetric: nameOf(ssl.SSL_CIPHER_get_cipher_nid(cipher)),
    digest: nameOf(ssl.SSL_CIPHER_get_digest_nid(cipher)),
    kea: nameOf(ssl.SSL_CIPHER_get_kx_nid(cipher)),
    auth: nameOf(ssl.SSL_CIPHER_get_auth_nid(cipher)),
  };
}
