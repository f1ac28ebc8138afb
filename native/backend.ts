// Opening sockets of the kernel.

import { AF_PACKET } from "../base/constants/families.ts";
import { SO_DOMAIN, SO_PROTOCOL, SO_TYPE, SOCK_CLOEXEC, SOCK_NONBLOCK, SOL_SOCKET } from "../base/constants/sockets.ts";
import type { Backend } from "../transport.ts";
import { call } from "./call.ts";
import { serveForeignDescriptors } from "./descriptors.ts";
import { libc } from "./libc.ts";
import { F_DUPFD_CLOEXEC, F_GETFL, F_SETFL, O_NONBLOCK } from "./linux.ts";
import { requireNet } from "./permissions.ts";
import { endpoints } from "./resolve.ts";
import { NativeTransport } from "./transport.ts";

/** Non-blocking, since nothing may wait on JavaScript's thread; closed when another program is executed. */
const FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC;

// select, poll and epoll take any descriptor of the process, now that libc can look at them.
serveForeignDescriptors();

/** Sockets by libc. */
export const nativeBackend: Backend = {
  open(family, type, proto) {
    // It hears every packet without being bound.
    if (family === AF_PACKET) requireNet();
    const fd = call(libc().socket(family, type | FLAGS, proto), "socket");
    return new NativeTransport(fd, family, type, proto);
  },

  adopt(fd, family, type, proto) {
    const flags = call(libc().fcntl(fd, F_GETFL, 0), "fcntl");
    const kind = (name: number, given: number) => given === -1 ? option(fd, name) : given;
    const [domain, kindOf, protocol] = [
      kind(SO_DOMAIN, family),
      kind(SO_TYPE, type),
      kind(SO_PROTOCOL, proto),
    ];
    if ((flags & O_NONBLOCK) === 0) call(libc().fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
    return new NativeTransport(fd, domain, kindOf, protocol);
  },

  adoptDuplicate(fd, family, type, proto) {
    const copy = call(libc().fcntl(fd, F_DUPFD_CLOEXEC, 0), "dup");
    try {
      return nativeBackend.adopt(copy, family, type, proto);
    } catch (error) {
      libc().close(copy);
      throw error;
    }
  },

  pair(family, type, proto) {
    const fds = new Int32Array(2);
    call(libc().socketpair(family, type | FLAGS, proto, fds), "socketpair");
    return Promise.resolve([
      new NativeTransport(fds[0], family, type, proto),
      new NativeTransport(fds[1], family, type, proto),
    ]);
  },

  endpoints,
};

function option(fd: number, name: number): number {
  const value = new Int32Array(1);
  call(libc().getsockopt(fd, SOL_SOCKET, name, value, new Uint32Array([4])), "getsockopt");
  return value[0];
}
