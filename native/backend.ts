// The native backend: opens and adopts sockets of the kernel.

import { SO_DOMAIN, SO_PROTOCOL, SO_TYPE, SOCK_CLOEXEC, SOCK_NONBLOCK, SOL_SOCKET } from "../base/constants.ts";
import type { Backend } from "../seam/backend.ts";
import { call } from "./call.ts";
import { findForeign } from "./descriptors.ts";
import * as effects from "./effects.ts";
import { libc, libcTransfer } from "./libc.ts";
import { F_DUPFD_CLOEXEC } from "./linux.ts";
import { getInheritable, setInheritable } from "./nonblocking.ts";
import { readOption } from "./options.ts";
import { requireFamily } from "./permissions.ts";
import { endpoints } from "./names/resolve.ts";
import { reactor } from "./reactor.ts";
import { NativeTransport } from "./transport.ts";
import { closeAtUnload } from "./unload.ts";

/** Non-blocking, because no system call may wait on the JavaScript thread. Closed when another program is executed. */
const FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC;

/** The native backend, over libc. */
export const nativeBackend: Backend = {
  loop: reactor,
  findForeign,

  open(family, type, proto) {
    // A socket of some families can send and receive without an address.
    requireFamily(family);
    closeAtUnload();
    const fd = call(libc().socket(family, type | FLAGS, proto), "socket");
    return new NativeTransport(fd, family, type, proto);
  },

  adopt(fd, family, type, proto) {
    // Read in any case: if the descriptor is not a socket, this fails with ENOTSOCK before anything is changed.
    const own = option(fd, SO_TYPE);
    if (family === -1) family = option(fd, SO_DOMAIN);
    if (proto === -1) proto = option(fd, SO_PROTOCOL);
    closeAtUnload();
    return NativeTransport.adopt(fd, family, type === -1 ? own : type, proto);
  },

  adoptDuplicate(fd, family, type, proto) {
    const copy = call(libc().fcntl(fd, F_DUPFD_CLOEXEC, 0), "dup");
    try {
      return nativeBackend.adopt(copy, family, type, proto);
    } catch (error) {
      effects.close(copy);
      throw error;
    }
  },

  pair(family, type, proto) {
    closeAtUnload();
    const fds = new Int32Array(2);
    call(libcTransfer().socketpair(family, type | FLAGS, proto, fds), "socketpair");
    return Promise.resolve([
      new NativeTransport(fds[0], family, type, proto),
      new NativeTransport(fds[1], family, type, proto),
    ]);
  },

  getInheritable,
  setInheritable,
  endpoints,
};

function option(fd: number, name: number): number {
  const value = new Int32Array(1);
  call(readOption(fd, SOL_SOCKET, name, value), "getsockopt");
  return value[0];
}
