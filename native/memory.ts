// What libc's answers lead to, read by address.
//
// By memcpy, and not by Deno.UnsafePointerView: that asks for all of --allow-ffi (Deno 2.9), so a program that was
// allowed libc alone, `--allow-ffi=/lib/x86_64-linux-gnu/libc.so.6`, could not use it.

import { libc } from "./libc.ts";

/** The address of C's NULL. */
export const NULL = 0n;

/** A copy of the first bytes at an address. */
export function bytesAt(address: bigint, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  libc().memcpy_from(bytes, address, length);
  return bytes;
}

/** A copy of the struct at an address, to be read. */
export function structAt(address: bigint, length: number): DataView<ArrayBuffer> {
  return new DataView(bytesAt(address, length).buffer);
}

/** The text at an address. */
export function textAt(address: bigint): string {
  return new TextDecoder().decode(bytesAt(address, libc().strlen(address)));
}

/** The addresses in the list at an address. The last one is NULL. */
export function* listAt(address: bigint): Generator<bigint> {
  for (;; address += 8n) {
    const element = structAt(address, 8).getBigUint64(0, true);
    if (element === NULL) return;
    yield element;
  }
}

/** Text as C has it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** The text in a buffer, which ends at the first zero. */
export function textIn(buffer: Uint8Array): string {
  return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
}
