// The receiving side of a descriptor: plain receives, MSG_WAITALL, low-water marks, and messages with control data.

import type { Address } from "../base/addresses.ts";
import { CMSG_SPACE, copyOf, scatter } from "../base/data.ts";
import type { Bytes } from "../base/data.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  MSG_CMSG_CLOEXEC,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
} from "../base/constants.ts";
import { POLLERR, POLLHUP, POLLIN, POLLRDHUP } from "../base/poll.ts";
import type { Received, WouldBlock } from "../seam/transport.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import { errno, failure, level } from "./call.ts";
import * as effects from "./effects.ts";
import { EAGAIN, MOST_BYTES } from "./linux.ts";
import type { LowWater } from "./options.ts";
import { sharedMessage, STREAM_MESSAGE } from "./message.ts";
import { decode, incoming, incomingLength, prepareIncoming, received } from "./sockaddr.ts";
import type { Source } from "./source.ts";
import { credentialsIn, ReceiveQueue } from "./receive_queue.ts";

/** Stands for WOULD_BLOCK between the methods of this file. The kernel's counts are never negative. */
const BLOCKED = -1;

/** With these flags a receive never waits, also not on a blocking socket: if there is nothing, it fails with EAGAIN. */
const NEVER_WAITS = MSG_OOB | MSG_ERRQUEUE;
/** The flags of receives that need more than one plain system call. */
const UNUSUAL = NEVER_WAITS | MSG_PEEK | MSG_WAITALL;

/** Space for SCM_CREDENTIALS, SCM_RIGHTS with a descriptor, and SCM_PIDFD: what may come with the data of a Unix stream. */
const UNIX_ANCILLARY = CMSG_SPACE(12) + 2 * CMSG_SPACE(4);

/** The initial size: enough for any UDP datagram, and for large reads of a stream. */
const FIRST = 256 * 1024;
/** The largest size for a stream, which can be read in parts. */
const STREAM_LIMIT = 1024 * 1024;
/** The largest size for a datagram, which cannot be read in parts. It is above the largest send buffer of a Unix socket. */
const DATAGRAM_LIMIT = 64 * 1024 * 1024;

/**
 * Memory that all receives share. An attempt never waits, so its result is copied out before another attempt runs, and a
 * socket that waits holds no buffer. New memory for each receive would not be faster, because it has to be cleared first
 * (recv of 64 KiB: 0.92 to 1.07 of the rate with the copy; of 1 MiB: 0.86).
 */
let scratch = new Uint8Array(FIRST);

/** Returns the shared memory. If it has fewer than `size` bytes, enlarges it, up to the limit of one receive. */
function scratchFor(size: number, stream: boolean): Uint8Array<ArrayBuffer> {
  if (size <= scratch.length) return scratch;
  const wanted = Math.min(size, stream ? STREAM_LIMIT : DATAGRAM_LIMIT);
  if (wanted > scratch.length) scratch = new Uint8Array(wanted);
  return scratch;
}

/** The receiving side of a socket. */
export class Receiver {
  readonly #source: Source;
  readonly #family: number;
  readonly #isStream: boolean;
  /** Bytes that were read ahead. */
  #queue: ReceiveQueue | undefined;
  /** Whether receiving was shut down. */
  shut = false;
  /** The low-water mark, if it is more than one byte. */
  lowWater: LowWater | undefined;

  constructor(family: number, isStream: boolean, source: Source) {
    this.#family = family;
    this.#isStream = isStream;
    this.#source = source;
  }

  /** Whether bytes were read ahead. */
  get holds(): boolean {
    return this.#queue !== undefined;
  }

  /** Closes the descriptors that were read ahead. */
  close(): void {
    this.#queue?.discardAncillary();
  }

  /** See {@linkcode Transport.recv}. */
  recv(size: number, flags: number): Bytes | WouldBlock {
    if (this.lowWater !== undefined && this.#isBelow(this.lowWater, size, flags)) return WOULD_BLOCK;
    if ((flags & UNUSUAL) !== 0 || this.#queue !== undefined) {
      if (this.#collectsAll(flags) && !this.#collect(size)) return WOULD_BLOCK;
      return this.#recvUnusual(size, flags);
    }
    const buffer = this.#memoryFor(size, flags);
    const asked = Math.min(size, buffer.length);
    const count = this.#receive(buffer, asked, flags);
    return count === BLOCKED ? WOULD_BLOCK : copyOf(buffer, 0, Math.min(count, asked));
  }

  /** Receives with one of the unusual flags, or from the bytes that were read ahead. */
  #recvUnusual(size: number, flags: number): Bytes | WouldBlock {
    const buffer = this.#memoryFor(size, flags);
    const queue = this.#queueFor(flags);
    const most = queue === undefined ? buffer.length : this.#mostOf(queue, buffer.length, flags);
    const wanted = Math.min(size, most);
    const whole = wanted <= buffer.length ? buffer.subarray(0, wanted) : new Uint8Array(wanted);
    const count = this.#receiveUnusual(whole, flags);
    return count === BLOCKED ? WOULD_BLOCK : whole.slice(0, Math.min(count, wanted));
  }

  /** See {@linkcode Transport.recvInto}. */
  recvInto(view: Uint8Array, flags: number): number | WouldBlock {
    if (this.lowWater !== undefined && this.#isBelow(this.lowWater, view.length, flags)) return WOULD_BLOCK;
    let count: number;
    if ((flags & UNUSUAL) !== 0 || this.#queue !== undefined) {
      if (this.#collectsAll(flags) && !this.#collect(view.length)) return WOULD_BLOCK;
      count = this.#receiveUnusual(view, flags);
    } else count = this.#receive(view as Uint8Array<ArrayBuffer>, view.length, flags);
    return count === BLOCKED ? WOULD_BLOCK : count;
  }

  /** See {@linkcode Transport.recvFrom}. */
  recvFrom(size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    if (this.lowWater !== undefined && this.#isBelow(this.lowWater, size, flags)) return WOULD_BLOCK;
    if (this.#collectsAll(flags) && !this.#collect(size)) return WOULD_BLOCK;
    const queue = this.#queueFor(flags);
    if (queue !== undefined) {
      const data = this.#recvUnusual(size, flags);
      return data === WOULD_BLOCK ? WOULD_BLOCK : [data, queue.address];
    }
    const buffer = this.#memoryFor(size, flags);
    const asked = Math.min(size, buffer.length);
    const count = this.#receiveFrom(buffer, asked, flags);
    return count === BLOCKED ? WOULD_BLOCK : [copyOf(buffer, 0, Math.min(count, asked)), received()];
  }

  /** See {@linkcode Transport.recvFromInto}. */
  recvFromInto(view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    if (this.lowWater !== undefined && this.#isBelow(this.lowWater, view.length, flags)) return WOULD_BLOCK;
    if (this.#collectsAll(flags) && !this.#collect(view.length)) return WOULD_BLOCK;
    const queue = this.#queueFor(flags);
    if (queue !== undefined) return [this.#receiveUnusual(view, flags), queue.address];
    const count = this.#receiveFrom(view as Uint8Array<ArrayBuffer>, view.length, flags);
    return count === BLOCKED ? WOULD_BLOCK : [count, received()];
  }

  /** Receives the data that has arrived, and writes the sender's address to `incoming`. */
  #receiveFrom(buffer: Uint8Array<ArrayBuffer>, size: number, flags: number): number {
    if (this.#mustWait(flags)) return BLOCKED;
    const count = effects.recvFrom(
      this.#source.fd,
      buffer,
      Math.min(size, MOST_BYTES),
      flags | MSG_DONTWAIT,
      prepareIncoming(),
      incomingLength,
    );
    if (count < 0) return this.#refused("recvfrom", POLLIN, flags);
    return this.#succeeded(count, size, flags);
  }

  /** See {@linkcode Transport.recvMessage}. */
  recvMessage(views: Uint8Array[], ancillarySize: number, flags: number): Received | WouldBlock {
    let size = 0;
    for (const view of views) size += view.length;
    if (this.lowWater !== undefined && this.#isBelow(this.lowWater, size, flags, ancillarySize)) return WOULD_BLOCK;
    if (this.#collectsAll(flags) && !this.#collect(size, ancillarySize)) return WOULD_BLOCK;
    const queue = this.#queueFor(flags);
    if (queue !== undefined) {
      const bytes = new Uint8Array(Math.min(size, this.#mostOf(queue, STREAM_MESSAGE, flags)));
      const control = (flags & MSG_PEEK) !== 0 ? { ancillary: [], flags: 0 } : queue.takeAncillary(ancillarySize);
      const length = this.#receiveUnusual(bytes, flags);
      scatter(bytes.subarray(0, length), views);
      return { length, ...control, address: queue.address };
    }
    // What the kernel does not write stays as it is in the caller's memory.
    if (this.#discards(flags)) sharedMessage().load(views, Math.min(size, STREAM_MESSAGE));
    const count = this.#receiveMessage(size, ancillarySize, flags);
    if (count === BLOCKED) return WOULD_BLOCK;
    scatter(sharedMessage().data(Math.min(count, size)), views);
    return {
      length: count,
      ancillary: sharedMessage().ancillary(),
      flags: sharedMessage().flags,
      address: decode(incoming, sharedMessage().nameLength),
    };
  }

  /** Receives into the shared message. */
  #receiveMessage(size: number, ancillarySize: number, flags: number): number {
    if (this.#mustWait(flags)) return BLOCKED;
    const message = sharedMessage();
    message.expect(Math.min(size, this.#isStream ? STREAM_MESSAGE : DATAGRAM_LIMIT), ancillarySize);
    // Descriptors that arrive must be closed when another program is executed, like all of this module's.
    const count = effects.recvMessage(this.#source.fd, message.header, flags | MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count < 0) return this.#refused("recvmsg", POLLIN, flags);
    return this.#succeeded(count, size, flags);
  }

  /** Returns the shared memory for a receive. It is cleared if the kernel may write nothing to it. */
  #memoryFor(size: number, flags: number): Uint8Array<ArrayBuffer> {
    const buffer = scratchFor(size, this.#isStream);
    if (this.#discards(flags)) buffer.fill(0, 0, size);
    return buffer;
  }

  /** Whether a receive may discard its bytes: with MSG_TRUNC, TCP removes and counts them, and writes nothing. */
  #discards(flags: number): boolean {
    return (flags & MSG_TRUNC) !== 0 && this.#isStream;
  }

  /** Receives the data that has arrived. */
  #receive(buffer: Uint8Array<ArrayBuffer>, size: number, flags: number): number {
    const source = this.#source;
    if (!source.mayTry(POLLIN)) return BLOCKED;
    const count = effects.recv(source.fd, buffer, Math.min(size, MOST_BYTES), flags | MSG_DONTWAIT);
    if (count < 0) return this.#refused("recv", POLLIN);
    // At the end of the stream (0 bytes) the descriptor stays readable.
    if (count < size && count > 0 && source.shortMeansEmpty) source.exhaust(POLLIN);
    return count;
  }

  /** Receives with one of the unusual flags, or from the bytes that were read ahead. */
  #receiveUnusual(view: Uint8Array, flags: number): number {
    const queue = this.#queueFor(flags);
    if (queue !== undefined) {
      if ((flags & MSG_PEEK) !== 0) return this.#peekWith(queue, view);
      try {
        return queue.take(view);
      } finally {
        queue.discardAncillary();
        if (queue.empty) this.#queue = undefined;
      }
    }
    if (this.#mustWait(flags)) return BLOCKED;
    const size = Math.min(view.length, MOST_BYTES);
    const count = effects.recv(this.#source.fd, view as Uint8Array<ArrayBuffer>, size, flags | MSG_DONTWAIT);
    if (count < 0) return this.#refused("recv", POLLIN, flags);
    return this.#succeeded(count, view.length, flags);
  }

  /** Returns the bytes that were read ahead, if a receive with these flags takes them. */
  #queueFor(flags: number): ReceiveQueue | undefined {
    return (flags & NEVER_WAITS) === 0 ? this.#queue : undefined;
  }

  /** Returns how much a receive can bring at most if bytes were read ahead. A peek also sees `behind` bytes of the kernel. */
  #mostOf(queue: ReceiveQueue, behind: number, flags: number): number {
    return (flags & MSG_PEEK) !== 0 ? queue.length + behind : queue.length;
  }

  /** Peeks at the bytes that were read ahead, and then at those in the kernel. */
  #peekWith(queue: ReceiveQueue, view: Uint8Array): number {
    const count = queue.peek(view);
    if (count === view.length) return count;
    const rest = view.subarray(count) as Uint8Array<ArrayBuffer>;
    const more = effects.recv(this.#source.fd, rest, Math.min(rest.length, MOST_BYTES), MSG_PEEK | MSG_DONTWAIT);
    if (more >= 0) return count + more;
    // The kernel reports an error once. It belongs to the receive after these bytes.
    if (errno() !== EAGAIN) queue.fail(failure("recv"));
    return count;
  }

  /** Returns the count of a receive that succeeded, or BLOCKED if it is a peek that has to wait for more. */
  #succeeded(count: number, size: number, flags: number): number {
    // The position of an urgent byte ends a read also after the byte was received, and no event reports that.
    if ((flags & MSG_OOB) !== 0) this.#source.shortMeansEmpty = false;
    return this.#isPartOfPeek(count, size, flags) ? BLOCKED : count;
  }

  /** Whether a peek with MSG_WAITALL has to wait: not all bytes have arrived, and more may follow. */
  #isPartOfPeek(count: number, size: number, flags: number): boolean {
    // Of the kernel's streams only TCP waits then. A peek of a Unix stream or of AF_VSOCK returns what has arrived.
    if (this.#family !== AF_INET && this.#family !== AF_INET6) return false;
    if ((flags & MSG_PEEK) === 0 || !this.#wantsAll(flags) || count === 0 || count >= size) return false;
    return (level(this.#source.fd) & (POLLERR | POLLHUP | POLLRDHUP)) === 0;
  }

  /** Whether a receive waits until all of its bytes have arrived. */
  #wantsAll(flags: number): boolean {
    return (flags & (MSG_WAITALL | MSG_DONTWAIT | NEVER_WAITS)) === MSG_WAITALL && this.#isStream;
  }

  /** Whether a receive waits for all of its bytes and takes them as they arrive. */
  #collectsAll(flags: number): boolean {
    return (flags & MSG_PEEK) === 0 && this.#wantsAll(flags);
  }

  /** Whether a receive has to wait for its low-water mark. Bytes that were collected for it are read ahead then. */
  #isBelow(lowWater: LowWater, size: number, flags: number, ancillarySize = 0): boolean {
    if ((flags & (MSG_DONTWAIT | NEVER_WAITS)) !== 0 || this.#wantsAll(flags)) return false;
    if (!lowWater.polled) {
      return (flags & MSG_PEEK) === 0 && !this.#collect(size, ancillarySize, lowWater.target(size));
    }
    if (this.#mustWait(flags)) return true;
    if (!lowWater.isShort(this.#source.fd, size)) return false;
    this.#source.exhaust(POLLIN);
    return true;
  }

  /**
   * Reads up to `size` bytes ahead, with their control messages. Returns true if at least `enough` bytes have been read
   * ahead, or if no more bytes will arrive.
   */
  #collect(size: number, ancillarySize = 0, enough = size): boolean {
    const queue = this.#queue ??= new ReceiveQueue();
    // In the kernel, received descriptors end a receive, whatever its size. So each receive from a Unix socket has space
    // for one, to detect them.
    const room = this.#family === AF_UNIX ? Math.max(ancillarySize, UNIX_ANCILLARY) : ancillarySize;
    const message = sharedMessage();
    try {
      while (queue.length < enough && !queue.hasDescriptors && !this.#isAnotherSender(queue.credentials)) {
        const count = this.#receiveMessage(size - queue.length, room, 0);
        if (count === BLOCKED) return false;
        if (count === 0) break;
        queue.put(message.data(count).slice());
        queue.describe(message.ancillary(), message.flags);
        queue.address ??= decode(incoming, message.nameLength);
      }
    } catch (error) {
      queue.fail(error as Error);
    } finally {
      if (queue.empty) this.#queue = undefined;
    }
    return true;
  }

  /**
   * Whether the next bytes have other credentials (SO_PASSCRED) than those of the bytes that were read ahead. There the
   * kernel ends a receive.
   */
  #isAnotherSender(credentials: Uint8Array | undefined): boolean {
    if (credentials === undefined) return false;
    // There is no space for descriptors, so this peek opens none.
    if (this.#receiveMessage(1, CMSG_SPACE(credentials.length), MSG_PEEK) <= 0) return false;
    const next = credentialsIn(sharedMessage().ancillary());
    return next !== undefined && next.some((byte, at) => byte !== credentials[at]);
  }

  #mustWait(flags: number): boolean {
    return (flags & NEVER_WAITS) === 0 && !this.#source.mayTry(POLLIN);
  }

  /** Clears the sender and the message of an earlier receive, whose memory this receive without data shares. Returns 0. */
  #nothing(): number {
    incomingLength[0] = 0;
    sharedMessage().empty();
    return 0;
  }

  /** Notes EAGAIN and returns BLOCKED. Throws any other error. */
  #refused(syscall: string, mask: number, flags = 0): number {
    if (errno() !== EAGAIN || (flags & NEVER_WAITS) !== 0) throw failure(syscall);
    // After SHUT_RD the kernel returns 0 from a blocking receive on a datagram socket, and EAGAIN from a non-blocking one.
    if (this.shut && !this.#isStream) return this.#nothing();
    this.#source.exhaust(mask);
    return BLOCKED;
  }
}
