// Byte queues in memory: OpenSSL's memory BIOs.

import { bytesOf } from "../../base/data.ts";
import type { Bytes, Data } from "../../base/data.ts";
import { SSL_ERROR_SSL } from "../../tls/constants.ts";
import type { ByteQueue } from "../../tls/engine.ts";
import { SSLError } from "../../tls/errors.ts";
import { libcrypto, made } from "./library.ts";
import type { Handle } from "./library.ts";

/** A number of bio.h. */
const BIO_C_SET_BUF_MEM_EOF_RETURN = 130;

/** The largest number of bytes that one call moves: OpenSSL counts in int. */
const MOST = 2 ** 31 - 1;

const collected = new FinalizationRegistry<Handle>((bio) => libcrypto().BIO_free(bio));

/** Returns the BIO of a queue, for engines. It is no part of the public class. */
export let bioOf: (queue: MemoryBIO) => Handle;

/**
 * A byte queue in memory, as Python's `ssl.MemoryBIO`. An SSLObject reads ciphertext from one and writes it to another.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { MemoryBIO } from "@berkeley/socket/native/ssl";
 *
 * const bio = new MemoryBIO();
 * bio.write("hello");
 * assert(bio.pending === 5 && bio.read(2).length === 2);
 * ```
 */
export class MemoryBIO implements ByteQueue {
  readonly #bio = made(libcrypto().BIO_new(libcrypto().BIO_s_mem()));
  #ended = false;

  static {
    bioOf = (queue) => queue.#bio;
  }

  /** Makes an empty queue. */
  constructor() {
    // An empty queue means "try again later", until write_eof().
    libcrypto().BIO_ctrl(this.#bio, BIO_C_SET_BUF_MEM_EOF_RETURN, -1n, null);
    collected.register(this, this.#bio);
  }

  /** The number of bytes in it. */
  get pending(): number {
    return libcrypto().BIO_ctrl_pending(this.#bio);
  }

  /** Whether the end was written and everything was read. */
  get eof(): boolean {
    return this.#ended && this.pending === 0;
  }

  /** Takes up to `n` bytes, or all of them for -1. Returns an empty array if there are none. */
  read(n = -1): Bytes {
    const pending = this.pending;
    const bytes = new Uint8Array(n < 0 ? pending : Math.min(n, pending));
    this.readInto(bytes);
    return bytes;
  }

  /** Takes bytes into a view, and returns their number. */
  readInto(view: Uint8Array): number {
    if (view.length === 0) return 0;
    return Math.max(libcrypto().BIO_read(this.#bio, view as Bytes, Math.min(view.length, MOST)), 0);
  }

  /**
   * Adds bytes, and returns their number.
   *
   * @throws {SSLError} after `write_eof`.
   */
  write(buf: Data): number {
    const bytes = bytesOf(buf);
    if (bytes.length > MOST) throw new RangeError(`string longer than ${MOST} bytes`);
    if (this.#ended) throw new SSLError(SSL_ERROR_SSL, "cannot write() after write_eof()");
    if (bytes.length === 0) return 0;
    return libcrypto().BIO_write(this.#bio, bytes as Bytes, bytes.length);
  }

  /** Ends the stream. A reader sees the end after the bytes in the queue. */
  write_eof(): void {
    this.#ended = true;
    libcrypto().BIO_ctrl(this.#bio, BIO_C_SET_BUF_MEM_EOF_RETURN, 0n, null);
  }
}
