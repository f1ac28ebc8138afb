// Receiving on a descriptor: what is there now, all that was asked for (MSG_WAITALL), or a message with its control data.

import type { Address } from "../base/addresses.ts";
import { CMSG_LEN, copyOf, scatter } from "../base/data.ts";
import type { Bytes } from "../base/data.ts";
import {
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_OOB,
  MSG_PEEK,
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
import { decode, incoming, incomingLength, received, vacant } from "./sockaddr.ts";
import type { Source } from "./source.ts";
import { Stash } from "./stash.ts";

/** An attempt's answer between methods here: the kernel's counts are never negative. */
const BLOCKED = -1;

/** These never wait in the kernel either: nothing there is EAGAIN even for a blocking socket. */
const NEVER_WAITS = MSG_OOB | MSG_ERRQUEUE;
/** Receives that are not simply "take what is there". */
const UNUSUAL = NEVER_WAITS | MSG_PEEK | MSG_WAITALL;

/** The room that the smallest control message with a descriptor takes. */
const ONE_DESCRIPTOR = CMSG_LEN(4);

// Memory that receives share. An attempt never waits, so the kernel fills it and the result is copied out before anybody
// else can want it; a socket that waits holds no buffer. Memory of its own for each receive, given away, would be no faster
// however large it is, since it has to be cleared first (recv of 64 KiB: 0.92 to 1.07 of the copy's rate, of 1 MiB: 0.86).

/** Large enough for any UDP datagram and for a good bulk read. */
const FIRST = 256 * 1024;
/** A stream may be read in parts, so no more than this at once. */
const STREAM_LIMIT = 1024 * 1024;
/** A datagram cannot: but the kernel has none longer than a Unix socket's send buffer, and this is beyond it. */
const DATAGRAM_LIMIT = 64 * 1024 * 1024;

let scratch = new Uint8Array(FIRST);

/** Room for `size` bytes, or for as many as one receive should ask for. */
function room(size: number, stream: boolean): Uint8Array<ArrayBuffer> {
  if (size <= scratch.length) return scratch;
  const wanted = Math.min(size, stream ? STREAM_LIMIT : DATAGRAM_LIMIT);
  if (wanted > scratch.length) scratch = new Uint8Array(wanted);
  return scratch;
}

/** The receiving half of a socket. */
export class Receiver {
  readonly #source: Source;
  readonly #isStream: boolean;
  /** What a MSG_WAITALL took that nobody has yet. */
  #stash: Stash | undefined;
  /** Whether receiving was shut down: nothing comes any more. */
  shut = false;
  /** How many bytes a receive waits for, where that is more than one. */
  lowWater: LowWater | undefined;

  constructor(isStream: boolean, source: Source) {
    this.#isStream = isStream;
    this.#source = source;
  }

  /** Whether something was taken from the kernel that is still to be received. */
  get holds(): boolean {
    return this.#stash !== undefined;
  }

  /** Gives up what nobody will receive. */
  close(): void {
    this.#stash?.discardAncillary();
  }

  /** See {@linkcode Transport.recv}. */
  recv(size: number, flags: number): Bytes | WouldBlock {
    if (this.lowWater !== undefined && this.#isBelow(this.lowWater, size, flags)) return WOULD_BLOCK;
    if ((flags & UNUSUAL) !== 0 || this.#stash !== undefined) {
      const buffer = room(size, this.#isStream);
      if (this.#waitsForAll(flags) && !this.#collect(size)) return WOULD_BLOCK;
      const most = this.#stash === undefined ? buffer.length : this.#mostOf(this.#stash, buffer.length, flags);
      const wanted = Math.min(size, most);
      const whole = wanted <= buffer.length ? buffer.subarray(0, wanted) : new Uint8Array(wanted);
      const count = this.#receiveUnusual(whole, flags);
      return count === BLOCKED ? WOULD_BLOCK : whole.slice(0, Math.min(count, wanted));
    }
    const buffer = room(size, this.#isStream);
    const asked = Math.min(size, buffer.length);
    const count = this.#receive(buffer, asked, flags);
    return count === BLOCKED ? WOULD_BLOCK : copyOf(buffer, 0, Math.min(count, asked));
  }

  /** See {@linkcode Transport.recvInto}. */
  recvInto(view: Uint8Array, flags: number): number | WouldBlock {
    if (this.lowWater !== undefined && this.#isBelow(this.lowWater, view.length, flags)) return WOULD_BLOCK;
    let count: number;
    if ((flags & UNUSUAL) !== 0 || this.#stash !== undefined) {
      if (this.#waitsForAll(flags) && !this.#collect(view.length)) return WOULD_BLOCK;
      count = this.#receiveUnusual(view, flags);
    } else count = this.#receive(view as Uint8Array<ArrayBuffer>, view.length, flags);
    return count === BLOCKED ? WOULD_BLOCK : count;
  }

  /** See {@linkcode Transport.recvFrom}. */
  recvFrom(size: number, flags: number): [Bytes, Address | null] | WouldBlock {
    if (this.lowWater !== undefined && this.#isBelow(this.lowWater, size, flags)) return WOULD_BLOCK;
    if (this.#stash !== undefined || this.#waitsForAll(flags)) {
      const data = this.recv(size, flags);
      return data === WOULD_BLOCK ? WOULD_BLOCK : [data, null];
    }
    const buffer = room(size, this.#isStream);
    const asked = Math.min(size, buffer.length);
    const count = this.#receiveFrom(buffer, asked, flags);
    return count === BLOCKED ? WOULD_BLOCK : [copyOf(buffer, 0, Math.min(count, asked)), received()];
  }

  /** See {@linkcode Transport.recvFromInto}. */
  recvFromInto(view: Uint8Array, flags: number): [number, Address | null] | WouldBlock {
    if (this.lowWater !== undefined && this.#isBelow(this.lowWater, view.length, flags)) return WOULD_BLOCK;
    if (this.#stash !== undefined || this.#waitsForAll(flags)) {
      const count = this.recvInto(view, flags);
      return count === WOULD_BLOCK ? WOULD_BLOCK : [count, null];
    }
    const count = this.#receiveFrom(view as Uint8Array<ArrayBuffer>, view.length, flags);
    return count === BLOCKED ? WOULD_BLOCK : [count, received()];
  }

  /** Takes what is there, and its sender's address to `incoming`. */
  #receiveFrom(buffer: Uint8Array<ArrayBuffer>, size: number, flags: number): number {
    if (this.#mustWait(flags)) return BLOCKED;
    const count = effects.recvFrom(
      this.#source.fd,
      buffer,
      Math.min(size, MOST_BYTES),
      flags | MSG_DONTWAIT,
      vacant(),
      incomingLength,
    );
    if (count < 0) return this.#refused("recvfrom", POLLIN, flags);
    return this.#isPartOfPeek(count, size, flags) ? BLOCKED : count;
  }

  /** See {@linkcode Transport.recvMessage}. */
  recvMessage(views: Uint8Array[], ancillarySize: number, flags: number): Received | WouldBlock {
    let size = 0;
    for (const view of views) size += view.length;
    if (this.lowWater !== undefined && this.#isBelow(this.lowWater, size, flags, ancillarySize)) return WOULD_BLOCK;
    if (this.#waitsForAll(flags)) {
      if (!this.#collect(size, ancillarySize)) return WOULD_BLOCK;
    }
    const stash = this.#stash;
    if (stash !== undefined && (flags & NEVER_WAITS) === 0) {
      const row = new Uint8Array(Math.min(size, this.#mostOf(stash, STREAM_MESSAGE, flags)));
      const peeks = (flags & MSG_PEEK) !== 0;
      const hasRoom = ancillarySize >= ONE_DESCRIPTOR;
      const answered = !peeks && !hasRoom && stash.hasDescriptors ? MSG_CTRUNC : 0;
      const ancillary = peeks || !hasRoom ? [] : stash.ancillary.splice(0);
      const length = this.#receiveUnusual(row, flags);
      scatter(row.subarray(0, length), views);
      return { length, ancillary, flags: answered, address: null };
    }
    const count = this.#receiveMessage(size, ancillarySize, flags);
    if (count === BLOCKED) return WOULD_BLOCK;
    scatter(sharedMessage().data(Math.min(count, size)), views);
    return {
      length: count,
      ancillary: sharedMessage().ancillary(),
      // The kernel tells the caller's own flag back.
      flags: sharedMessage().flags & ~MSG_CMSG_CLOEXEC,
      address: decode(incoming, sharedMessage().nameLength),
    };
  }

  /** Receives into the shared message. */
  #receiveMessage(size: number, ancillarySize: number, flags: number): number {
    if (this.#mustWait(flags)) return BLOCKED;
    const message = sharedMessage();
    message.expect(this.#isStream ? Math.min(size, STREAM_MESSAGE) : size, ancillarySize);
    // Descriptors that arrive are closed when another program is executed, like all of this module's.
    const count = effects.recvMessage(this.#source.fd, message.header, flags | MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count < 0) return this.#refused("recvmsg", POLLIN, flags);
    return this.#isPartOfPeek(count, size, flags) ? BLOCKED : count;
  }

  /** Takes what is there. */
  #receive(buffer: Uint8Array<ArrayBuffer>, size: number, flags: number): number {
    const source = this.#source;
    if (!source.mayTry(POLLIN)) return BLOCKED;
    const count = effects.recv(source.fd, buffer, Math.min(size, MOST_BYTES), flags | MSG_DONTWAIT);
    if (count < 0) return this.#refused("recv", POLLIN);
    // End of stream (0) stays readable.
    if (count < size && count > 0 && source.shortMeansEmpty) source.exhaust(POLLIN);
    return count;
  }

  /** Receives out of band, without taking, or from the stash. */
  #receiveUnusual(view: Uint8Array, flags: number): number {
    const stash = this.#stash;
    if (stash !== undefined && (flags & NEVER_WAITS) === 0) {
      if ((flags & MSG_PEEK) !== 0) return this.#peekOn(stash, view);
      try {
        return stash.take(view);
      } finally {
        stash.discardAncillary();
        if (stash.empty) this.#stash = undefined;
      }
    }
    if (this.#mustWait(flags)) return BLOCKED;
    const size = Math.min(view.length, MOST_BYTES);
    const count = effects.recv(this.#source.fd, view as Uint8Array<ArrayBuffer>, size, flags | MSG_DONTWAIT);
    if (count < 0) return this.#refused("recv", POLLIN, flags);
    // The mark of an urgent byte ends a read still when the byte was taken, and no event tells of it any more.
    if ((flags & MSG_OOB) !== 0) this.#source.shortMeansEmpty = false;
    return this.#isPartOfPeek(count, view.length, flags) ? BLOCKED : count;
  }

  /** How much a receive may bring where there is a stash: what it holds, and to a peek what the kernel has behind it. */
  #mostOf(stash: Stash, behind: number, flags: number): number {
    return (flags & MSG_PEEK) !== 0 ? stash.length + behind : stash.length;
  }

  /** Peeks at the stash, and at what the kernel has behind it. */
  #peekOn(stash: Stash, view: Uint8Array): number {
    const count = stash.peek(view);
    if (count === view.length) return count;
    const rest = view.subarray(count) as Uint8Array<ArrayBuffer>;
    const behind = effects.recv(this.#source.fd, rest, Math.min(rest.length, MOST_BYTES), MSG_PEEK | MSG_DONTWAIT);
    if (behind >= 0) return count + behind;
    // The kernel tells an error once: it is for the receive that comes behind the bytes.
    if (errno() !== EAGAIN) stash.fail(failure("recv"));
    return count;
  }

  /** Whether a peek wants all, of which not all is there: it takes nothing and waits, unless no more will come. */
  #isPartOfPeek(count: number, size: number, flags: number): boolean {
    if ((flags & MSG_PEEK) === 0 || !this.#waits(flags) || count === 0 || count >= size) return false;
    return (level(this.#source.fd) & (POLLERR | POLLHUP | POLLRDHUP)) === 0;
  }

  /** Whether a receive is to wait until all of its bytes are there. */
  #waits(flags: number): boolean {
    return (flags & (MSG_WAITALL | MSG_DONTWAIT | NEVER_WAITS)) === MSG_WAITALL && this.#isStream;
  }

  /** The same, and takes them as they come. */
  #waitsForAll(flags: number): boolean {
    return (flags & MSG_PEEK) === 0 && this.#waits(flags);
  }

  /** Whether a receive that may wait is to wait for its low-water mark. What is collected for it is in the stash then. */
  #isBelow(lowWater: LowWater, size: number, flags: number, ancillarySize = 0): boolean {
    if ((flags & (MSG_DONTWAIT | NEVER_WAITS)) !== 0 || this.#waits(flags)) return false;
    if (!lowWater.polled) {
      return (flags & MSG_PEEK) === 0 && !this.#collect(size, ancillarySize, lowWater.target(size));
    }
    if (this.#mustWait(flags)) return true;
    if (!lowWater.isShort(this.#source.fd, size)) return false;
    this.#source.exhaust(POLLIN);
    return true;
  }

  /**
   * Collects up to `size` bytes in the stash, and what comes with them. Answers whether there are `enough` (all that was
   * asked for, if nothing else is said), or no more will come.
   */
  #collect(size: number, ancillarySize = 0, enough = size): boolean {
    const stash = this.#stash ??= new Stash();
    try {
      // Descriptors end a receive in the kernel, whatever was asked for; so there is room to see that some came.
      while (stash.length < enough && !stash.hasDescriptors) {
        const count = this.#receiveMessage(size - stash.length, Math.max(ancillarySize, ONE_DESCRIPTOR), 0);
        if (count === BLOCKED) return false;
        if (count === 0) break;
        stash.put(sharedMessage().data(count).slice());
        stash.ancillary.push(...sharedMessage().ancillary());
      }
    } catch (error) {
      stash.fail(error as Error);
    } finally {
      if (stash.empty) this.#stash = undefined;
    }
    return true;
  }

  #mustWait(flags: number): boolean {
    return (flags & NEVER_WAITS) === 0 && !this.#source.mayTry(POLLIN);
  }

  /** Nothing, from nobody: an address or control data there would be some other receive's. */
  #nothing(): number {
    incomingLength[0] = 0;
    sharedMessage().empty();
    return 0;
  }

  /** Notes an EAGAIN, for an attempt to answer WOULD_BLOCK, and throws any other error. */
  #refused(syscall: string, mask: number, flags = 0): number {
    if (errno() !== EAGAIN || (flags & NEVER_WAITS) !== 0) throw failure(syscall);
    // A datagram socket that was shut down answers 0 where it may wait, and EAGAIN to a descriptor that may not.
    if (this.shut && !this.#isStream) return this.#nothing();
    this.#source.exhaust(mask);
    return BLOCKED;
  }
}
