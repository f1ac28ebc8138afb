// The system calls that may change which descriptors are ready. All of them are made here and counted, so that readiness
// that was learned before such a call is known to be out of date.

import { SO_LINGER, SO_TYPE, SOCK_DGRAM, SOL_SOCKET } from "../base/constants.ts";
import { closes } from "./blocking_calls.ts";
import type { LibcTransfer } from "./libc.ts";
import { libc, libcTransfer } from "./libc.ts";

type Buffer = BufferSource;

/** sizeof(struct sockaddr_storage) */
const SOCKADDR_SIZE = 128;

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

/** close(2). It runs on another thread if it may wait for unsent data. */
export function close(fd: number): void {
  callCount++;
  // Errors are ignored: the number is free in any case.
  if (!closeMayWait(fd)) libc().close(fd);
  else closes.run(() => symbols().close_waiting(fd));
}

/** struct linger: int l_onoff, int l_linger in seconds; and its length. */
const linger = new Int32Array(2);
const lingerLength = new Uint32Array([linger.byteLength]);

/**
 * Whether close(2) of a descriptor may wait for unsent data: it is a connection with SO_LINGER. The kernel is asked, because
 * another process that shares the open file may have set the option. A descriptor that is no socket has no such option.
 */
function closeMayWait(fd: number): boolean {
  if (libc().getsockopt(fd, SOL_SOCKET, SO_LINGER, linger, lingerLength) !== 0) return false;
  return linger[0] !== 0 && linger[1] !== 0 && isConnection(fd);
}

/** Whether a socket is a connection. A listener or an unconnected socket has no peer, and a datagram socket never waits. */
function isConnection(fd: number): boolean {
  const type = new Int32Array(1);
  const typeLength = new Uint32Array([type.byteLength]);
  libc().getsockopt(fd, SOL_SOCKET, SO_TYPE, type, typeLength);
  return type[0] !== SOCK_DGRAM &&
    symbols().getpeername(fd, new Uint8Array(SOCKADDR_SIZE), new Uint32Array([SOCKADDR_SIZE])) === 0;
}
