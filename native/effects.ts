// The system calls that may change which descriptors are ready. All of them are made here and counted, so that readiness
// that was learned before such a call is known to be out of date.

import { closes } from "./blocking_calls.ts";
import type { LibcTransfer } from "./libc.ts";
import { libc, libcTransfer } from "./libc.ts";

type Buffer = BufferSource;

/**
 * The number of attempts in one turn of the event loop. A call that does not wait runs in microtasks only, so without a
 * limit a socket that is always ready would keep timers from running. One epoll_wait reports at most 128 sources (BATCH in
 * reactor.ts). The limit allows four attempts for each of them, and an echo needs two.
 */
const ATTEMPTS_PER_TURN = 512;

let callCount = 0;
let attemptsLeft = ATTEMPTS_PER_TURN;
/** libc's functions for transfers, once one was called. */
let symbolTable: LibcTransfer | undefined;

function symbols(): LibcTransfer {
  return symbolTable ??= libcTransfer();
}

/** Returns the number of calls so far. Readiness from epoll holds until the number changes. */
export function effects(): number {
  return callCount;
}

/** Counts an attempt. Returns whether it may be made now; if not, the call waits for the next turn of the event loop. */
export function mayTry(): boolean {
  return --attemptsLeft >= 0;
}

/** Permits one more attempt, for a call that cannot wait. */
export function permitOne(): void {
  if (attemptsLeft < 1) attemptsLeft = 1;
}

/** Whether an attempt was refused in this turn of the event loop. */
export function anyHeldBack(): boolean {
  return attemptsLeft < 0;
}

/** Permits attempts again, in a new turn of the event loop. */
export function permitAll(): void {
  attemptsLeft = ATTEMPTS_PER_TURN;
}

/** listen(2). */
export function listen(fd: number, backlog: number): number {
  callCount++;
  return libc().listen(fd, backlog);
}

/** accept4(2). It may make a Unix client's connect possible, which waits for space in the queue. */
export function accept(fd: number, address: Buffer, length: Buffer, flags: number): number {
  callCount++;
  return symbols().accept4(fd, address, length, flags);
}

/** connect(2). */
export function connect(fd: number, address: Buffer, length: number): number {
  callCount++;
  return symbols().connect(fd, address, length);
}

/** shutdown(2). */
export function shutdown(fd: number, how: number): number {
  callCount++;
  return symbols().shutdown(fd, how);
}

/** send(2). */
export function send(fd: number, data: Buffer, size: number, flags: number): number {
  callCount++;
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
  callCount++;
  return symbols().sendto(fd, data, size, flags, address, length);
}

/** sendmsg(2). */
export function sendMessage(fd: number, message: Buffer, flags: number): number {
  callCount++;
  return symbols().sendmsg(fd, message, flags);
}

/** recv(2). It frees buffer space for the sender. */
export function recv(fd: number, buffer: Buffer, size: number, flags: number): number {
  callCount++;
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
  callCount++;
  return symbols().recvfrom(fd, buffer, size, flags, address, length);
}

/** recvmsg(2). */
export function recvMessage(fd: number, message: Buffer, flags: number): number {
  callCount++;
  return symbols().recvmsg(fd, message, flags);
}

/** setsockopt(2). Some options change readiness (SO_SNDBUF, SO_RCVLOWAT). */
export function setOption(fd: number, level: number, name: number, value: Buffer, length: number): number {
  callCount++;
  return libc().setsockopt(fd, level, name, value, length);
}

/** close(2) on the JavaScript thread. */
export function close(fd: number): number {
  callCount++;
  return libc().close(fd);
}

/** close(2) on another thread, because it may wait for unsent data (SO_LINGER). It may be queued; see blocking_calls.ts. */
export function closeWaiting(fd: number): Promise<number> {
  callCount++;
  return closes.run(() => symbols().close_waiting(fd));
}
