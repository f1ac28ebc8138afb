// The system calls that may change what is ready: of this descriptor, or of another one of this process. They are made
// here and nowhere else, so that no caller has to remember that what was learned before is out of date.

import type { Libc } from "./libc.ts";
import { libc } from "./libc.ts";

type Buffer = BufferSource;

/**
 * Attempts in one turn of the event loop. A call that need not wait is a matter of microtasks, and a socket that is always
 * ready would never let a timer run. Enough for every source of a batch to receive and send.
 */
const ATTEMPTS_PER_TURN = 512;

let made = 0;
let left = ATTEMPTS_PER_TURN;
/** libc, once a call was made. */
let opened: Libc | undefined;

function symbols(): Libc {
  return opened ??= libc();
}

/** How many such calls were made so far. What epoll answered holds until there is one more. */
export function effects(): number {
  return made;
}

/** Counts an attempt. Answers whether it may be made now, or its caller should wait for a turn of the event loop. */
export function mayTry(): boolean {
  return --left >= 0;
}

/** Lets one attempt through: its caller cannot wait. */
export function permitOne(): void {
  if (left < 1) left = 1;
}

/** Whether an attempt was held back in this turn. */
export function anyHeldBack(): boolean {
  return left < 0;
}

/** Notes a turn of the event loop: all may try again. */
export function permitAll(): void {
  left = ATTEMPTS_PER_TURN;
}

/** listen(2). */
export function listen(fd: number, backlog: number): number {
  made++;
  return symbols().listen(fd, backlog);
}

/** accept4(2): a Unix client may wait for the place in the queue. */
export function accept(fd: number, address: Buffer, length: Buffer, flags: number): number {
  made++;
  return symbols().accept4(fd, address, length, flags);
}

/** connect(2). */
export function connect(fd: number, address: Buffer, length: number): number {
  made++;
  return symbols().connect(fd, address, length);
}

/** shutdown(2). */
export function shutdown(fd: number, how: number): number {
  made++;
  return symbols().shutdown(fd, how);
}

/** send(2). */
export function send(fd: number, data: Buffer, size: number, flags: number): number {
  made++;
  return symbols().send(fd, data, size, flags);
}

/** sendto(2). */
export function sendTo(
  fd: number,
  data: Buffer,
  size: number,
  flags: number,
  address: Buffer,
  length: number,
): number {
  made++;
  return symbols().sendto(fd, data, size, flags, address, length);
}

/** sendmsg(2). */
export function sendMessage(fd: number, message: Buffer, flags: number): number {
  made++;
  return symbols().sendmsg(fd, message, flags);
}

/** recv(2), which makes room for the sender. */
export function recv(fd: number, buffer: Buffer, size: number, flags: number): number {
  made++;
  return symbols().recv(fd, buffer, size, flags);
}

/** recvfrom(2). */
export function recvFrom(
  fd: number,
  buffer: Buffer,
  size: number,
  flags: number,
  address: Buffer,
  length: Buffer,
): number {
  made++;
  return symbols().recvfrom(fd, buffer, size, flags, address, length);
}

/** recvmsg(2). */
export function recvMessage(fd: number, message: Buffer, flags: number): number {
  made++;
  return symbols().recvmsg(fd, message, flags);
}

/** setsockopt(2): some options are bounds of readiness (SO_SNDBUF, SO_RCVLOWAT). */
export function setOption(fd: number, level: number, name: number, value: Buffer, length: number): number {
  made++;
  return symbols().setsockopt(fd, level, name, value, length);
}

/** close(2), at once. */
export function close(fd: number): number {
  made++;
  return symbols().close(fd);
}

/** close(2) on another thread: it may wait for what is unsent (SO_LINGER). */
export function closeWaiting(fd: number): Promise<number> {
  made++;
  return symbols().close_waiting(fd);
}
