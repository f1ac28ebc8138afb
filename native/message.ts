// struct msghdr, iovec and cmsghdr, as 64-bit Linux lays them out.
//
// Messages are copied through memory of this module, whose address is read once. The addresses of a caller's views would
// have to be read for each call, because the garbage collector may move them. That costs more than the copy.

import { MSG_CMSG_CLOEXEC } from "../base/constants.ts";
import { CMSG_LEN, CMSG_SPACE } from "../base/data.ts";
import type { AncillaryData } from "../seam/transport.ts";
import { libcMemory } from "./libc.ts";
import { incoming, outgoing } from "./sockaddr.ts";

/** sizeof(struct cmsghdr): size_t cmsg_len, int cmsg_level, int cmsg_type. */
const CMSG_HEADER = 16;
/** Each control message starts at a multiple of sizeof(size_t). */
const align = (length: number) => Math.ceil(length / 8) * 8;

/**
 * The most space for control messages. The kernel needs far less: 1 KiB for the most descriptors that one message may
 * have, and 2 KiB for a header of IPv6.
 */
const MOST_CONTROL = 256 * 1024;

/** Memory with a fixed address. */
class Region {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  address = 0n;

  /** Makes the memory at least `length` bytes long. Its contents are lost. */
  reserve(length: number): void {
    if (length <= this.bytes.length) return;
    this.bytes = new Uint8Array(align(Math.max(length, 2 * this.bytes.length, 4096)));
    this.view = new DataView(this.bytes.buffer);
    this.address = addressOf(this.bytes);
  }
}

function addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
  return libcMemory().memcpy_address(bytes, bytes, 0);
}

// struct msghdr: void *msg_name @0, socklen_t msg_namelen @8, struct iovec *msg_iov @16, size_t msg_iovlen @24,
// void *msg_control @32, size_t msg_controllen @40, int msg_flags @48. After it comes the only struct iovec:
// void *iov_base @56, size_t iov_len @64.
const NAME = 0, NAME_LENGTH = 8, IOV = 16, IOV_COUNT = 24, CONTROL = 32, CONTROL_LENGTH = 40, FLAGS = 48;
const BASE = 56, LENGTH = 64, SIZE = 72;

/** The memory of one sendmsg or recvmsg call. */
export class Message {
  /** The struct msghdr for sendmsg(2) and recvmsg(2). */
  readonly header: Uint8Array<ArrayBuffer> = new Uint8Array(SIZE);
  readonly #view = new DataView(this.header.buffer);
  readonly #data = new Region();
  readonly #control = new Region();
  readonly #outgoing = addressOf(outgoing);
  readonly #incoming = addressOf(incoming);

  constructor() {
    this.#view.setBigUint64(IOV, addressOf(this.header) + BigInt(BASE), true);
    this.#view.setBigUint64(IOV_COUNT, 1n, true);
  }

  /** Copies the first `size` bytes of views to the memory of the data. */
  load(views: Uint8Array[], size: number): void {
    this.#data.reserve(size);
    gather(views, this.#data.bytes.subarray(0, size));
  }

  /** Prepares to receive `size` bytes and `ancillarySize` bytes of control messages. */
  expect(size: number, ancillarySize: number): void {
    const controlSize = Math.min(ancillarySize, MOST_CONTROL);
    this.#data.reserve(size);
    this.#control.reserve(controlSize);
    this.#set(this.#incoming, incoming.length, size, controlSize);
  }

  /** Sets the state of a message that brought nothing. */
  empty(): void {
    this.#view.setUint32(NAME_LENGTH, 0, true);
    this.#view.setUint32(CONTROL_LENGTH, 0, true);
  }

  /** Prepares to send. The address is in the first `nameLength` bytes of `outgoing`; 0 for no address. */
  compose(views: Uint8Array[], size: number, ancillary: AncillaryData[], nameLength: number): void {
    this.load(views, size);
    let controlLength = 0;
    for (const [, , data] of ancillary) controlLength += CMSG_SPACE(data.length);
    this.#control.reserve(controlLength);
    this.#control.bytes.fill(0, 0, controlLength);
    let at = 0;
    for (const [level, type, data] of ancillary) {
      this.#control.view.setUint32(at, CMSG_LEN(data.length), true);
      this.#control.view.setInt32(at + 8, level, true);
      this.#control.view.setInt32(at + 12, type, true);
      this.#control.bytes.set(data, at + CMSG_HEADER);
      at += CMSG_SPACE(data.length);
    }
    this.#set(nameLength === 0 ? 0n : this.#outgoing, nameLength, size, controlLength);
  }

  /** The flags of the received message. The kernel returns MSG_CMSG_CLOEXEC of the call in them, which is left out. */
  get flags(): number {
    return this.#view.getInt32(FLAGS, true) & ~MSG_CMSG_CLOEXEC;
  }

  /** The length of the sender's address in `incoming`. */
  get nameLength(): number {
    return this.#view.getUint32(NAME_LENGTH, true);
  }

  /** Returns the first bytes that were received. They are not copied. */
  data(length: number): Uint8Array {
    return this.#data.bytes.subarray(0, length);
  }

  /** Returns the control messages that were received. The last one may be cut (MSG_CTRUNC). */
  ancillary(): AncillaryData[] {
    return readAncillary(this.#control.view, this.#view.getUint32(CONTROL_LENGTH, true));
  }

  #set(name: bigint, nameLength: number, size: number, controlLength: number): void {
    const view = this.#view;
    view.setBigUint64(NAME, name, true);
    view.setUint32(NAME_LENGTH, nameLength, true);
    view.setBigUint64(BASE, this.#data.address, true);
    view.setUint32(LENGTH, size, true);
    view.setBigUint64(CONTROL, controlLength === 0 ? 0n : this.#control.address, true);
    view.setUint32(CONTROL_LENGTH, controlLength, true);
    view.setInt32(FLAGS, 0, true);
  }
}

/** Reads the control messages of the first `end` bytes. */
export function readAncillary(view: DataView<ArrayBuffer>, end: number): AncillaryData[] {
  const messages: AncillaryData[] = [];
  for (let at = 0; at + CMSG_HEADER <= end;) {
    const length = view.getUint32(at, true);
    if (length < CMSG_HEADER) break;
    // Compared before it is added to anything, because the field may hold any number.
    const cut = length > end - at;
    const data = new Uint8Array(view.buffer, at + CMSG_HEADER, (cut ? end - at : length) - CMSG_HEADER).slice();
    messages.push([view.getInt32(at + 8, true), view.getInt32(at + 12, true), data]);
    if (cut) break;
    at += align(length);
  }
  return messages;
}

/** The largest message on a stream. The caller sends the rest with the next message. */
export const STREAM_MESSAGE: number = 1024 * 1024;

let shared: Message | undefined;

/** Returns the message that all attempts share. An attempt never waits, so no two attempts use it at the same time. */
export function sharedMessage(): Message {
  return shared ??= new Message();
}

/** Copies views into a target, up to its length. */
function gather(views: Uint8Array[], target: Uint8Array): void {
  let at = 0;
  for (const view of views) {
    if (at === target.length) return;
    const part = view.subarray(0, target.length - at);
    target.set(part, at);
    at += part.length;
  }
}
