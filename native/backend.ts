// Opening sockets of the kernel.

import { SO_DOMAIN, SO_PROTOCOL, SO_TYPE, SOCK_CLOEXEC, SOCK_NONBLOCK, SOL_SOCKET } from "../base/constants.ts";
import type { Backend } from "../seam/backend.ts";
import { call } from "./call.ts";
import { findForeign } from "./descriptors.ts";
import * as effects from "./effects.ts";
import { libc } from "./libc.ts";
import { F_DUPFD_CLOEXEC } from "./linux.ts";
import { getInheritable, setInheritable } from "./nonblocking.ts";
import { readOption } from "./options.ts";
import { requireFamily } from "./permissions.ts";
import { endpoints } from "./names/resolve.ts";
import { reactor } from "./reactor.ts";
import { NativeTransport } from "./transport.ts";
import { giveBackAtUnload } from "./unload.ts";

/** Non-blocking, since nothing may wait on JavaScript's thread; closed when another program is executed. */
const FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC;

/** Sockets by libc. */
export const nativeBackend: Backend = {
  loop: reactor,
  findForeign,

  open(family, type, proto) {
    // Some families hear or do much without an address.
    requireFamily(family);
    giveBackAtUnload();
    const fd = call(libc().socket(family, type | FLAGS, proto), "socket");
    return new NativeTransport(fd, family, type, proto);
  },

  adopt(fd, family, type, proto) {
    // Asked for in any case: of what is no socket this is ENOTSOCK, and nothing of it is changed.
    const own = option(fd, SO_TYPE);
    if (family === -1) family = option(fd, SO_DOMAIN);
    if (proto === -1) proto = option(fd, SO_PROTOCOL);
    giveBackAtUnload();
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
    giveBackAtUnload();
    const fds = new Int32Array(2);
    call(libc().socketpair(family, type | FLAGS, proto, fds), "socketpair");
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
