// Entries of libc's databases of hosts, services and protocols: a struct whose pointers lead into a separate buffer.
//
// The caller of the functions with names in _r passes the memory for both, so that threads do not share it.

import { lookUps } from "../blocking_calls.ts";
import { lend, listAt, NULL, textAt } from "../call.ts";

/** sizeof(struct hostent), the largest of them. */
const STRUCT_SIZE = 32;
/** The first size of the buffer. CPython and glibc's own tools use the same. */
const FIRST_SIZE = 16 * 1024;
const ERANGE = 34;

/** A hostent, servent or protoent. */
export class Entry {
  readonly struct: Uint8Array<ArrayBuffer> = new Uint8Array(STRUCT_SIZE);
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** The function writes a pointer to the struct here if it found an entry. */
  readonly result: BigUint64Array<ArrayBuffer> = new BigUint64Array(1);
  readonly #view = new DataView(this.struct.buffer);

  constructor(size: number) {
    this.buffer = new Uint8Array(size);
  }

  /** Returns the int at an offset of the struct. */
  int(offset: number): number {
    return this.#view.getInt32(offset, true);
  }

  /** Returns the text of the pointer at an offset. */
  text(offset: number): string {
    return textAt(this.#pointer(offset));
  }

  /** Returns the array of addresses of the pointer at an offset. */
  list(offset: number): bigint[] {
    return Array.from(listAt(this.#pointer(offset)));
  }

  #pointer(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }
}

/** Looks up an entry. Returns undefined if there is none. The call is repeated while its result does not fit. */
export async function fetchEntry(
  call: (entry: Entry) => Promise<number>,
  signal?: AbortSignal,
): Promise<Entry | undefined> {
  for (let size = FIRST_SIZE;; size *= 2) {
    const entry = new Entry(size);
    const status = await lookUps.run(() => lend([call, entry], call(entry)), signal);
    if (status !== ERANGE) return entry.result[0] === NULL ? undefined : entry;
  }
}
