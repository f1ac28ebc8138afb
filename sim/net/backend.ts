// The backend of one kernel: it opens sockets on a simulated host and looks up names there.

import type { Address } from "../../base/addresses.ts";
import { AF_INET, AF_INET6, AF_UNIX, IPPROTO_TCP, IPPROTO_UDP, SOCK_DGRAM, SOCK_STREAM } from "../../base/constants.ts";
import { errorFor } from "../../base/errors.ts";
import type { Backend } from "../../seam/backend.ts";
import type { NetworkInterface, Resolver } from "../../seam/resolver.ts";
import type { Transport } from "../../seam/transport.ts";
import { NATIVE_HINT } from "../socket.ts";
import { TcpSocket } from "../tcp/socket.ts";
import { LOOPBACK_INDEX, NETWORK_INDEX } from "../udp/membership.ts";
import { UdpSocket } from "../udp/socket.ts";
import { UnixDatagram } from "../unix/datagram.ts";
import { UnixStream } from "../unix/stream.ts";
import type { Kernel } from "./kernel.ts";
import { isIPv6 } from "./packet.ts";
import { addressesOf, endpoints, nameOf } from "./resolve.ts";

/** The highest type of socket that Linux defines (SOCK_PACKET). */
const MOST_TYPE = 10;

const INTERFACES: NetworkInterface[] = [[LOOPBACK_INDEX, "lo"], [NETWORK_INDEX, "eth0"]];

/** Throws the kernel's error for a family, type or protocol that it does not have. */
function checkKind(family: number, type: number, proto: number, syscall: string): void {
  if (family !== AF_INET && family !== AF_INET6 && family !== AF_UNIX) {
    throw errorFor("EAFNOSUPPORT", { syscall, hint: NATIVE_HINT });
  }
  if (type !== SOCK_STREAM && type !== SOCK_DGRAM) {
    if (!(type >= 1 && type <= MOST_TYPE)) throw errorFor("EINVAL", { syscall });
    throw errorFor("ESOCKTNOSUPPORT", { syscall, hint: NATIVE_HINT });
  }
  const own = family === AF_UNIX ? AF_UNIX : type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
  if (proto !== 0 && proto !== own) throw errorFor("EPROTONOSUPPORT", { syscall });
}

/** The resolver of a simulated host. Look-ups take no time. */
export class HostResolver implements Resolver {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  lookUp(host: string, _port: number, family: 0 | 4 | 6): Promise<string[]> {
    const hasFamily = (found: string) => family === 0 || isIPv6(found) === (family === 6);
    return Promise.resolve().then(() => addressesOf(this.#kernel.host, host).filter(hasFamily));
  }
  lookUpName(address: string, _port: number): Promise<string | undefined> {
    return Promise.resolve(nameOf(this.#kernel.host, address));
  }
  followAliases(_host: string): Promise<string[]> {
    return Promise.resolve([]);
  }
  hostname(): string {
    return this.#kernel.host.name;
  }
  interfaces(): NetworkInterface[] {
    return INTERFACES.map(([index, name]) => [index, name]);
  }
  findInterface(matches: (entry: NetworkInterface) => boolean): NetworkInterface | undefined {
    return this.interfaces().find(matches);
  }
  hasVersion(version: 4 | 6): boolean {
    return this.#kernel.host.addresses.some((address) => isIPv6(address) === (version === 6));
  }
}

/** The backend of one kernel. */
export class HostBackend implements Backend {
  readonly resolver: HostResolver;
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.resolver = new HostResolver(kernel);
  }

  #checkUp(syscall: string): void {
    if (!this.#kernel.isUp) throw errorFor("ENETDOWN", { syscall, hint: "the host has crashed" });
  }

  open(family: number, type: number, proto: number): Transport {
    this.#checkUp("socket");
    checkKind(family, type, proto, "socket");
    const kernel = this.#kernel;
    if (family !== AF_UNIX) {
      return type === SOCK_STREAM ? new TcpSocket(kernel, family, proto) : new UdpSocket(kernel, family, proto);
    }
    return type === SOCK_STREAM ? new UnixStream(kernel, proto) : new UnixDatagram(kernel, proto);
  }

  /** Refuses a descriptor that is not in the descriptor table: a simulated host has no others. */
  adopt(): Transport {
    throw errorFor("EBADF", { syscall: "socket" });
  }
  adoptDuplicate(): Transport {
    throw errorFor("EBADF", { syscall: "dup" });
  }

  // deno-lint-ignore require-await
  async pair(family: number, type: number, proto: number): Promise<[Transport, Transport]> {
    this.#checkUp("socketpair");
    checkKind(family, type, proto, "socketpair");
    if (family === AF_UNIX) {
      return type === SOCK_STREAM ? UnixStream.pair(this.#kernel, proto) : UnixDatagram.pair(this.#kernel, proto);
    }
    // For IP sockets this follows the socketpair of Python's socket.py, which supports only SOCK_STREAM.
    if (type !== SOCK_STREAM) throw errorFor("EOPNOTSUPP", { syscall: "socketpair" });
    return TcpSocket.pair(this.#kernel, family, proto);
  }

  // deno-lint-ignore require-await
  async endpoints(host: string, port: number): Promise<[family: number, address: Address][]> {
    return endpoints(this.#kernel.host, host, port);
  }
}
