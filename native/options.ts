// Reading a socket's options.

import { libc } from "./libc.ts";

/** getsockopt(2) into a value of fixed size, for whoever knows the option. Answers what libc does. */
export function readOption(
  fd: number,
  level: number,
  name: number,
  value: Int32Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>,
): number {
  return libc().getsockopt(fd, level, name, value, new Uint32Array([value.byteLength]));
}
