// Reads memory that OpenSSL's results point to. It does not use Deno.UnsafePointerView, which needs --allow-ffi
// without a list of paths: see ../call.ts.

import { libc, libcMemory } from "../libc.ts";
import { bytesAt } from "../call.ts";
import { libcrypto, made } from "./library.ts";
import type { Handle } from "./library.ts";

/** Copies bytes from a pointer. */
export function bytesBehind(pointer: Handle, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  libc().memcpy(bytes, pointer, length);
  return bytes;
}

/** Reads the C string at a pointer; null for NULL. */
export function textBehind(pointer: Deno.PointerValue): string | null {
  if (pointer === null) return null;
  return new TextDecoder().decode(bytesBehind(pointer, libcMemory().strlen_behind(pointer)));
}

/** Returns the objects in a STACK_OF of OpenSSL. */
export function* stack(pointer: Deno.PointerValue): Generator<Handle> {
  if (pointer === null) return;
  const count = libcrypto().OPENSSL_sk_num(pointer);
  for (let i = 0; i < count; i++) yield made(libcrypto().OPENSSL_sk_value(pointer, i));
}

/** Copies bytes from an address that OpenSSL wrote into a buffer. */
export function addressIn(pointer: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  return bytesAt(new DataView(pointer.buffer).getBigUint64(0, true), length);
}
