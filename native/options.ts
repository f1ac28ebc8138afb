// Reading and setting a socket's options.

import { AF_VSOCK } from "../base/constants/families.ts";
import { call } from "./call.ts";
import * as effects from "./effects.ts";
import { libc } from "./libc.ts";

/** getsockopt(2) for an option of known size. Returns libc's result. */
export function readOption(
  fd: number,
  level: number,
  name: number,
  value: Int32Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>,
): number {
  return libc().getsockopt(fd, level, name, value, new Uint32Array([value.byteLength]));
}

/**
 * Returns an option as a number. Options of AF_VSOCK have 64 bits, so CPython asks for 8 bytes on such a socket. For an
 * option of another level the kernel fills the first 4 bytes only.
 */
export function numberOption(fd: number, family: number, level: number, name: number): number {
  const value = new DataView(new ArrayBuffer(8));
  const length = new Uint32Array([family === AF_VSOCK ? 8 : 4]);
  call(libc().getsockopt(fd, level, name, new Uint8Array(value.buffer), length), "getsockopt");
  return family === AF_VSOCK ? Number(value.getBigUint64(0, true)) : value.getInt32(0, true);
}

/** Returns up to `size` bytes of an option. */
export function bytesOption(fd: number, level: number, name: number, size: number): Uint8Array<ArrayBuffer> {
  const value = new Uint8Array(size);
  const length = new Uint32Array([size]);
  call(libc().getsockopt(fd, level, name, value, length), "getsockopt");
  return value.slice(0, length[0]);
}

/** Sets an option to bytes or to a number. A number has 64 bits on a socket of AF_VSOCK, and is a C int on others. */
export function setOption(fd: number, family: number, level: number, name: number, value: number | Uint8Array): void {
  const bytes = typeof value !== "number"
    ? value as Uint8Array<ArrayBuffer>
    : family === AF_VSOCK
    ? new BigInt64Array([BigInt(value)])
    : new Int32Array([value]);
  call(effects.setOption(fd, level, name, bytes, bytes.byteLength), "setsockopt");
}
