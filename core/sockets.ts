// The functions that make sockets and what goes with them, made for a runtime and a backend.

import type { Address, AddressLike } from "../base/addresses.ts";
import { AF_INET, AF_UNIX, SOCK_STREAM } from "../base/constants.ts";
import type { Bytes, Data } from "../base/data.ts";
import type { Backend } from "../seam/backend.ts";
import type { WaitOptions } from "./abort.ts";
import { checkTimeout } from "./arguments.ts";
import * as create from "./create.ts";
import type { ConnectionOptions, ServerOptions } from "./create.ts";
import { isFdInheritable, makeFdInheritable } from "./inheritable.ts";
import type { Runtime } from "./runtime.ts";
import type { Socket } from "./socket.ts";

/** What {@linkcode makeSockets} makes. The entries document each of them. */
export interface SocketFunctions {
  socket(family?: number, type?: number, proto?: number, fileno?: number | null): Socket;
  fromfd(fd: number, family: number, type: number, proto?: number): Socket;
  close(fd: number): void;
  get_inheritable(fd: number): boolean;
  set_inheritable(fd: number, inheritable: boolean): void;
  socketpair(family?: number, type?: number, proto?: number): Promise<[Socket, Socket]>;
  create_connection(
    address: AddressLike,
    timeout?: number | null,
    source_address?: AddressLike | null,
    options?: ConnectionOptions,
  ): Promise<Socket>;
  create_server(address: AddressLike, options?: ServerOptions): Socket;
  has_dualstack_ipv6(): boolean;
  getdefaulttimeout(): number | null;
  setdefaulttimeout(timeout: number | null): void;
  send_fds(
    sock: Socket,
    buffers: Iterable<Data>,
    fds: Iterable<number>,
    flags?: number,
    address?: AddressLike | null,
    options?: WaitOptions,
  ): Promise<number>;
  recv_fds(
    sock: Socket,
    bufsize: number,
    maxfds: number,
    flags?: number,
    options?: WaitOptions,
  ): Promise<[data: Bytes, fds: number[], flags: number, address: Address | null]>;
}

/** Makes the functions of a backend, whose sockets wait by the clock of a runtime. */
export function makeSockets(runtime: Runtime, backend: Backend): SocketFunctions {
  runtime.add(backend);
  return {
    socket: (family = AF_INET, type = SOCK_STREAM, proto = 0, fileno) =>
      create.open(runtime, backend, family, type, proto, fileno),
    fromfd: (fd, family, type, proto = 0) => create.fromFd(runtime, backend, fd, family, type, proto),
    close: (fd) => create.closeFd(runtime, fd),
    get_inheritable: (fd) => isFdInheritable(backend, fd),
    set_inheritable: (fd, inheritable) => makeFdInheritable(backend, fd, inheritable),
    socketpair: (family = AF_UNIX, type = SOCK_STREAM, proto = 0) => create.pair(runtime, backend, family, type, proto),
    create_connection: (address, timeout, source_address = null, options = {}) =>
      create.createConnection(runtime, backend, address, timeout, source_address, options),
    create_server: (address, options = {}) => create.createServer(runtime, backend, address, options),
    has_dualstack_ipv6: () => create.hasDualstackIpv6(runtime, backend),
    getdefaulttimeout: () => runtime.defaultTimeout,
    setdefaulttimeout(timeout) {
      runtime.defaultTimeout = checkTimeout(timeout);
    },
    send_fds: (sock, buffers, fds, flags = 0, address = null, options) =>
      create.sendFds(sock, buffers, fds, flags, address, options),
    recv_fds: (sock, bufsize, maxfds, flags = 0, options) => create.recvFds(sock, bufsize, maxfds, flags, options),
  };
}
