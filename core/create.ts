// Making sockets: the module functions of Python's socket, over any backend.

import { AF_INET, AF_INET6, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM } from "../base/constants.ts";
import { IPPROTO_IPV6, IPV6_V6ONLY, SO_REUSEADDR, SO_REUSEPORT, SOL_SOCKET } from "../base/constants.ts";
import { bytesOf } from "../base/data.ts";
import type { Data } from "../base/data.ts";
import type { Address, AddressLike } from "../base/addresses.ts";
import { errorFor, OSError } from "../base/errors.ts";
import { SCM_RIGHTS } from "../base/constants.ts";
import type { Backend, Transport } from "../transport.ts";
import { enter, find } from "./descriptors.ts";
import type { Descriptor } from "./descriptors.ts";
import { Socket, socketOf, transportOf } from "./socket.ts";
import type { WaitOptions } from "./socket.ts";

/** Opens a socket, or adopts a descriptor. */
export function open(backend: Backend, family: number, type: number, proto: number, fileno?: number | null): Socket {
  const bare = type < 0 ? type : type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  const descriptor = fileno === undefined || fileno === null
    ? enter(backend.open(family, bare, proto))
    : adopt(backend, fileno, family, bare, proto);
  const socket = socketOf(descriptor);
  if (type > 0 && (type & SOCK_NONBLOCK) !== 0) socket.setblocking(false);
  return socket;
}

function adopt(backend: Backend, fd: number, family: number, type: number, proto: number): Descriptor<Transport> {
  if (typeof fd !== "number" || !Number.isInteger(fd)) throw new TypeError("an integer is required for fileno");
  if (fd < 0) throw new RangeError("negative file descriptor");
  const known = find(fd);
  if (known === undefined) return enter(backend.adopt(fd, family, type, proto));
  if (!isTransport(known.open)) throw errorFor("ENOTSOCK");
  return known as Descriptor<Transport>;
}

function isTransport(open: object): open is Transport {
  return "getsockname" in open;
}
