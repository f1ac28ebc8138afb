// Reads the memory that libc's results point to.
//
// It uses memcpy and not Deno.UnsafePointerView. The view needs all of --allow-ffi (Deno 2.9), so a program that was only
// allowed libc (`--allow-ffi=/lib/x86_64-linux-gnu/libc.so.6`) could not use it.

import { libc } from "./libc.ts";

/** The address of NULL. */
export const NULL = 0n;

/** Copies bytes from an address. */
export function bytesAt(address: bigint, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  libc().memcpy_from(bytes, address, length);
  return bytes;
}

/** Copies a struct from an address. */
export function structAt(address: bigint, length: number): DataView<ArrayBuffer> {
  return new DataView(bytesAt(address, length).buffer);
}

/** Reads the C string at an address. */
export function textAt(address: bigint): string {
  return new TextDecoder().decode(bytesAt(address, libc().strlen(address)));
}

/** Reads the array of addresses at an address. It ends with NULL. */
export function* listAt(address: bigint): Generator<bigint> {
  for (;; address += 8n) {
    const element = structAt(address, 8).getBigUint64(0, true);
    if (element === NULL) return;
    yield element;
  }
}

/** Converts a text to a C string. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** Reads the C string in a buffer. */
export function textIn(buffer: Uint8Array): string {
  return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
}
