// The local address of an IP socket: what bind fixes, what is chosen for it, and when it is free again.

import { isLoopback, wildcard } from "../../base/addresses.ts";
import type { Address } from "../../base/addresses.ts";
import { AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, SO_REUSEADDR, SO_REUSEPORT, SOL_SOCKET } from "../../base/constants.ts";
import { errorFor } from "../../base/errors.ts";
import type { ErrnoName } from "../../base/errno.ts";
import type { Options } from "../options.ts";
import { BROADCAST, isMulticast, isWildcard, shapeOf, unmap } from "./addresses.ts";
import type { Kernel } from "./kernel.ts";
import { isIPv6 } from "./packet.ts";
import type { Holder, Ports } from "./ports.ts";
import { resolve } from "./resolve.ts";

/** The local address of one socket, as the holder of its port. */
export class Binding<S> implements Holder {
  /** The socket. */
  readonly socket: S;
  readonly family: number;
  /** The address, IPv4 addresses of IPv6 sockets as IPv4. */
  host: string;
  /** The port that `getsockname` tells. It may be free again: then it is not held. */
  port = 0;
  /** Whether the socket listens. */
  listens = false;
  readonly #kernel: Kernel;
  readonly #options: Options;
  readonly #ports: Ports<Holder>;
  #isHeld = false;
  /** What bind has fixed; a port that it chose itself is not. */
  #fixedHost = false;
  #fixedPort = false;

  constructor(socket: S, kernel: Kernel, family: number, options: Options, ports: Ports<Holder>) {
    this.socket = socket;
    this.family = family;
    this.host = wildcard(family);
    this.#kernel = kernel;
    this.#options = options;
    this.#ports = ports;
  }

  get reusesAddress(): boolean {
    return this.#options.isSet(SOL_SOCKET, SO_REUSEADDR);
  }
  get reusesPort(): boolean {
    return this.#options.isSet(SOL_SOCKET, SO_REUSEPORT);
  }
  get onlyIPv6(): boolean {
    return this.family === AF_INET6 && this.#options.isSet(IPPROTO_IPV6, IPV6_V6ONLY);
  }

  /** Whether the socket has its port. */
  get isHeld(): boolean {
    return this.#isHeld;
  }
  /** Whether bind has fixed the port. */
  get hasFixedPort(): boolean {
    return this.#fixedPort;
  }
  /** Whether the address is one host's: neither that of every interface nor a group's. */
  get isOneHost(): boolean {
    return !isWildcard(this.host) && !isMulticast(this.host) && this.host !== BROADCAST;
  }
  /** The address in the family's shape. */
  get address(): Address {
    return shapeOf(this.family, this.host, this.port);
  }

  /** Claims an address, as bind(2). `takes` says which others than this host's may be bound. */
  bind(address: Address, takes: (host: string) => boolean): void {
    if (this.#isHeld) throw errorFor("EINVAL", { syscall: "bind", address });
    const [name, port] = resolve(this.#kernel.host, this.family, address, "bind") as [string, number];
    const host = unmap(name);
    if (!isWildcard(host) && !this.#kernel.owns(host) && !takes(host)) {
      throw errorFor("EADDRNOTAVAIL", { syscall: "bind", address });
    }
    if (this.onlyIPv6 && !isIPv6(host)) throw errorFor("EINVAL", { syscall: "bind", address });
    const before = this.port;
    this.host = host;
    this.port = port;
    try {
      if (port === 0) this.port = this.#ports.ephemeral();
      else this.#ports.check(this, address, "bind");
    } catch (error) {
      // As the kernel leaves it: without the address that it had from a connection before.
      this.host = wildcard(this.family);
      this.port = before;
      throw error;
    }
    this.#hold();
    this.#fixedPort = port !== 0;
    this.#fixedHost = !isWildcard(host);
  }

  /** Takes any free port, unless the socket has one. */
  claim(): void {
    if (this.#isHeld) return;
    this.port = this.#ports.ephemeral();
    this.#hold();
  }

  #hold(): void {
    this.#ports.hold(this);
    this.#isHeld = true;
  }

  /** Starts to listen. Throws EADDRINUSE where another socket listens there. */
  listen(): void {
    this.claim();
    this.listens = true;
    try {
      this.#ports.check(this, this.address, "listen");
    } catch (error) {
      this.listens = false;
      throw error;
    }
  }

  /** The address that packets to a destination come from. Throws where there is no way from this address to it. */
  sourceFor(destination: string, address: Address, syscall: string): string {
    const refuse = (code: ErrnoName) => errorFor(code, { syscall, address });
    if (this.onlyIPv6 && !isIPv6(destination)) throw refuse("ENETUNREACH");
    if (!this.isOneHost) return this.#kernel.sourceFor(destination);
    if (isIPv6(this.host) !== isIPv6(destination)) throw refuse("ENETUNREACH");
    // No packet leaves the host with an address that only the host has.
    if (isLoopback(this.host) && !this.#kernel.owns(destination) && !isMulticast(destination)) throw refuse("EINVAL");
    return this.host;
  }

  /** Gives the port back. */
  release(): void {
    if (this.#isHeld) this.#ports.release(this);
    this.#isHeld = false;
  }

  /** Gives back what bind has not fixed: the socket has no peer any more. A port that is kept is only told, not held. */
  reset(port: "keep the port" | "forget the port" = "forget the port"): void {
    if (!this.#fixedHost) this.host = wildcard(this.family);
    if (this.#fixedPort) return;
    this.release();
    if (port === "forget the port") this.port = 0;
  }
}
