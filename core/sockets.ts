// Makes the functions of the socket module for a runtime and a backend.

import type { Address, AddressLike, AddressOf, Inet6Address, InetAddress } from "../base/addresses.ts";
import { AF_INET, AF_UNIX, SOCK_STREAM } from "../base/constants.ts";
import type { Bytes, Data } from "../base/data.ts";
import type { Backend } from "../seam/backend.ts";
import type { WaitOptions } from "./promises.ts";
import { checkTimeout } from "./arguments.ts";
import * as create from "./create.ts";
import type { ConnectionOptions, EndpointLike, ItemOf, Pair, Server, ServerOptions } from "./create.ts";
import { isFdInheritable, makeFdInheritable } from "./inheritable.ts";
import type { Runtime } from "./runtime.ts";
import type { Socket } from "./socket.ts";

/** The functions of the socket module. The entries document each of them. */
export interface SocketFunctions {
  socket<F extends number = typeof AF_INET, T extends number = typeof SOCK_STREAM>(
    family?: F,
    type?: T,
    proto?: number,
    fileno?: number | null,
  ): Socket<AddressOf<F>, ItemOf<F, T>>;
  fromfd<F extends number, T extends number>(
    fd: number,
    family: F,
    type: T,
    proto?: number,
  ): Socket<AddressOf<F>, ItemOf<F, T>>;
  close(fd: number): void;
  get_inheritable(fd: number): boolean;
  set_inheritable(fd: number, inheritable: boolean): void;
  socketpair<F extends number = typeof AF_UNIX, T extends number = typeof SOCK_STREAM>(
    family?: F,
    type?: T,
    proto?: number,
  ): Promise<Pair<F, T>>;
  create_connection(
    address: EndpointLike,
    timeout?: number | null | ConnectionOptions,
    source_address?: AddressLike | null | ConnectionOptions,
    options?: ConnectionOptions,
  ): Promise<Socket<InetAddress | Inet6Address, Bytes>>;
  create_server<F extends number = typeof AF_INET>(
    address: AddressLike,
    options?: ServerOptions<F>,
  ): Server<AddressOf<F>>;
  has_dualstack_ipv6(): boolean;
  getdefaulttimeout(): number | null;
  setdefaulttimeout(timeout: number | null): void;
  send_fds(
    sock: Socket,
    buffers: Iterable<Data>,
    fds: Iterable<number>,
    flags?: number | WaitOptions,
    address?: AddressLike | null | WaitOptions,
    options?: WaitOptions,
  ): Promise<number>;
  recv_fds(
    sock: Socket,
    bufsize: number,
    maxfds: number,
    flags?: number | WaitOptions,
    options?: WaitOptions,
  ): Promise<[data: Bytes, fds: number[], flags: number, address: Address | null]>;
}

/** Makes the functions for a backend. Its sockets wait by the clock of the runtime. */
export function makeSockets(runtime: Runtime, backend: Backend): SocketFunctions {
  runtime.add(backend);
  return {
    socket: (family, type, proto = 0, fileno) =>
      create.open(runtime, backend, family ?? AF_INET, type ?? SOCK_STREAM, proto, fileno) as Socket<any>,
    fromfd: (fd, family, type, proto = 0) => create.fromFd(runtime, backend, fd, family, type, proto) as Socket<any>,
    close: (fd) => create.closeFd(runtime, fd),
    get_inheritable: (fd) => isFdInheritable(backend, fd),
    set_inheritable: (fd, inheritable) => makeFdInheritable(backend, fd, inheritable),
    socketpair: (family, type, proto = 0) =>
      runtime.turns.count(() =>
        create.pair(runtime, backend, family ?? AF_UNIX, type ?? SOCK_STREAM, proto) as Promise<any>
      ),
    create_connection: (address, timeout, source_address, options) =>
      runtime.turns.count(() =>
        create.createConnection(
          runtime,
          backend,
          address,
          ...create.connectionArguments(timeout, source_address, options),
        )
      ),
    create_server: (address, options = {}) => create.createServer(runtime, backend, address, options) as Server<any>,
    has_dualstack_ipv6: () => create.hasDualstackIpv6(runtime, backend),
    getdefaulttimeout: () => runtime.defaultTimeout,
    setdefaulttimeout(timeout) {
      runtime.defaultTimeout = checkTimeout(timeout);
    },
    send_fds: (sock, buffers, fds, flags = 0, address = null, options) =>
      runtime.turns.count(() => create.sendFds(sock, buffers, fds, flags, address, options)),
    recv_fds: (sock, bufsize, maxfds, flags = 0, options) =>
      runtime.turns.count(() => create.recvFds(sock, bufsize, maxfds, flags, options)),
  };
}
