// What libc's databases of hosts, services and protocols answer: a struct whose pointers lead into a buffer beside it.
//
// The functions whose names end in _r take both from their caller, so that threads do not share them.

import { lend, listAt, NULL, textAt } from "../call.ts";

/** sizeof(struct hostent), the largest of them. */
const STRUCT_SIZE = 32;
/** What CPython takes, and glibc's own tools. */
const FIRST_ROOM = 16 * 1024;
const ERANGE = 34;

/** A hostent, servent or protoent. */
export class Entry {
  readonly struct: Uint8Array<ArrayBuffer> = new Uint8Array(STRUCT_SIZE);
  readonly room: Uint8Array<ArrayBuffer>;
  /** Where the function says whether it found something: a pointer to the struct. */
  readonly result: BigUint64Array<ArrayBuffer> = new BigUint64Array(1);
  readonly #view = new DataView(this.struct.buffer);

  constructor(room: number) {
    this.room = new Uint8Array(room);
  }

  /** The int at an offset of the struct. */
  int(offset: number): number {
    return this.#view.getInt32(offset, true);
  }

  /** The text that a pointer at an offset leads to. */
  text(offset: number): string {
    return textAt(this.#pointer(offset));
  }

  /** The addresses in the list that a pointer at an offset leads to. */
  list(offset: number): bigint[] {
    return Array.from(listAt(this.#pointer(offset)));
  }

  #pointer(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }
}

/** Asks for an entry; undefined where there is none. The call is made again while its answer does not fit. */
export async function ask(call: (entry: Entry) => Promise<number>): Promise<Entry | undefined> {
  for (let room = FIRST_ROOM;; room *= 2) {
    const entry = new Entry(room);
    const status = await lend([call, entry], call(entry));
    if (status !== ERANGE) return entry.result[0] === NULL ? undefined : entry;
  }
}
