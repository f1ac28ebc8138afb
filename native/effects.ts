// The system calls that may change what is ready: of this descriptor, or of another one of this process. They are made
// here and nowhere else, so that no caller has to remember that what was learned before is out of date.

import { libc } from "./libc.ts";

type Buffer = BufferSource;

let made = 0;

/** How many such calls were made so far. What epoll answered holds until there is one more. */
export function effects(): number {
  return made;
}

/** listen(2). */
export function listen(fd: number, backlog: number): number {
  made++;
  return libc().listen(fd, backlog);
}

/** accept4(2): a Unix client may wait for the place in the queue. */
export function accept(fd: number, address: Buffer, length: Buffer, flags: number): number {
  made++;
  return libc().accept4(fd, address, length, flags);
}

/** connect(2). */
export function connect(fd: number, address: Buffer, length: number): number {
  made++;
  return libc().connect(fd, address, length);
}

/** shutdown(2). */
export function shutdown(fd: number, how: number): number {
  made++;
  return libc().shutdown(fd, how);
}

/** send(2). */
export function send(fd: number, data: Buffer, size: number, flags: number): number {
  made++;
  return libc().send(fd, data, size, flags);
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
  return libc().sendto(fd, data, size, flags, address, length);
}

/** sendmsg(2). */
export function sendMessage(fd: number, message: Buffer, flags: number): number {
  made++;
  return libc().sendmsg(fd, message, flags);
}

/** recv(2), which makes room for the sender. */
export function recv(fd: number, buffer: Buffer, size: number, flags: number): number {
  made++;
  return libc().recv(fd, buffer, size, flags);
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
  return libc().recvfrom(fd, buffer, size, flags, address, length);
}

/** recvmsg(2). */
export function recvMessage(fd: number, message: Buffer, flags: number): number {
  made++;
  return libc().recvmsg(fd, message, flags);
}

/** setsockopt(2): some options are bounds of readiness (SO_SNDBUF, SO_RCVLOWAT). */
export function setOption(fd: number, level: number, name: number, value: Buffer, length: number): number {
  made++;
  return libc().setsockopt(fd, level, name, value, length);
}

/** close(2), at once. */
export function close(fd: number): number {
  made++;
  return libc().close(fd);
}

/** close(2) on another thread: it may wait for what is unsent (SO_LINGER). */
export function closeWaiting(fd: number): Promise<number> {
  made++;
  return libc().close_waiting(fd);
}
