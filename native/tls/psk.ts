// The callbacks for pre-shared keys, in the handshakes of both sides.
//
// As those of handshake.ts, they exist only during one call into OpenSSL.

import type { PskClientCallback, PskServerCallback } from "../../tls/psk.ts";
import { cString } from "../call.ts";
import { libcMemory } from "../libc.ts";
import type { Side } from "./handshake.ts";
import { libssl } from "./library.ts";
import { textBehind } from "./memory.ts";

// unsigned int (SSL *, const char *hint, char *identity, unsigned int, unsigned char *psk, unsigned int)
const CLIENT = { parameters: ["pointer", "pointer", "pointer", "u32", "pointer", "u32"], result: "u32" } as const;
// unsigned int (SSL *, const char *identity, unsigned char *psk, unsigned int)
const SERVER = { parameters: ["pointer", "pointer", "pointer", "u32"], result: "u32" } as const;

/** The result of a callback that has no key, for OpenSSL. */
const NO_KEY = 0;

/** Runs a part of a handshake with the context's callback for pre-shared keys, if it has one. */
export function withPsk(side: Side, step: () => number): number {
  const { serverSide } = side.request;
  const { pskClient, pskServer } = side.context;
  if (!serverSide && pskClient !== null) return withClientKey(side, pskClient, step);
  if (serverSide && pskServer !== null) return withServerKey(side, pskServer, step);
  return step();
}

function withClientKey({ handle }: Side, callback: PskClientCallback, step: () => number): number {
  const raised: unknown[] = [];
  const native = new Deno.UnsafeCallback(
    CLIENT,
    (_ssl, hint, identity, identitySize, key, keySize) =>
      keyOrNone(raised, () => {
        const [name, psk] = clientKey(callback(textBehind(hint) || null));
        if (name.length > identitySize || psk.length > keySize) return NO_KEY;
        libcMemory().memcpy_to(identity, name, name.length);
        libcMemory().memcpy_to(key, psk, psk.length);
        return psk.length;
      }),
  );
  return during(native, (pointer) => libssl().SSL_set_psk_client_callback(handle, pointer), raised, step);
}

function withServerKey({ handle }: Side, callback: PskServerCallback, step: () => number): number {
  const raised: unknown[] = [];
  const native = new Deno.UnsafeCallback(SERVER, (_ssl, identity, key, keySize) =>
    keyOrNone(raised, () => {
      const psk = keyBytes(callback(textBehind(identity) || null));
      if (psk.length > keySize) return NO_KEY;
      libcMemory().memcpy_to(key, psk, psk.length);
      return psk.length;
    }));
  return during(native, (pointer) => libssl().SSL_set_psk_server_callback(handle, pointer), raised, step);
}

/** Runs the body of a callback. An error must not reach OpenSSL, so it is noted and the callback has no key. */
function keyOrNone(raised: unknown[], body: () => number): number {
  try {
    return body();
  } catch (error) {
    raised.push(error);
    return NO_KEY;
  }
}

/** Runs a part of a handshake while a callback is set, and throws the callback's error if there was one. */
function during(
  native: { pointer: Deno.PointerValue; close(): void },
  set: (pointer: Deno.PointerValue) => void,
  raised: unknown[],
  step: () => number,
): number {
  let result: number;
  try {
    set(native.pointer);
    result = step();
  } finally {
    set(null);
    native.close();
  }
  if (raised.length > 0) throw raised[0];
  return result;
}

/** Returns the identity as a C string, and the key. */
function clientKey(answer: unknown): [identity: Uint8Array<ArrayBuffer>, psk: Uint8Array<ArrayBuffer>] {
  if (!Array.isArray(answer) || answer.length !== 2) {
    throw new TypeError("a PSK client callback must return [identity, psk]");
  }
  const [identity, psk] = answer;
  if (identity !== null && typeof identity !== "string") throw new TypeError("a PSK identity must be a string or null");
  if (identity?.includes("\0")) throw new RangeError("a PSK identity must not contain a null character");
  return [cString(identity ?? ""), keyBytes(psk)];
}

function keyBytes(psk: unknown): Uint8Array<ArrayBuffer> {
  if (!(psk instanceof Uint8Array)) throw new TypeError("a pre-shared key must be a Uint8Array");
  return psk as Uint8Array<ArrayBuffer>;
}
