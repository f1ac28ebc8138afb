// What OpenSSL's answers lead to, read without Deno.UnsafePointerView: that would take all of --allow-ffi (see ../memory.ts).

import { libc } from "../libc.ts";
import { bytesAt } from "../call.ts";
import { libcrypto, made } from "./library.ts";
import type { Handle } from "./library.ts";

/** A copy of the first bytes behind a pointer. */
export function bytesBehind(pointer: Handle, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  libc().memcpy(bytes, pointer, length);
  return bytes;
}

/** The text behind a pointer; null for NULL. OpenSSL's texts are short. */
export function textBehind(pointer: Deno.PointerValue): string | null {
  if (pointer === null) return null;
  return new TextDecoder().decode(bytesBehind(pointer, libc().strlen_behind(pointer)));
}

/** The objects in one of OpenSSL's stacks. */
export function* stack(pointer: Deno.PointerValue): Generator<Handle> {
  if (pointer === null) return;
  const count = libcrypto().OPENSSL_sk_num(pointer);
  for (let i = 0; i < count; i++) yield made(libcrypto().OPENSSL_sk_value(pointer, i));
}

/** A copy of the bytes at an address that OpenSSL has stored in our memory. */
export function addressIn(pointer: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  return bytesAt(new DataView(pointer.buffer).getBigUint64(0, true), length);
}
