// The local address of an IP socket. `bind` fixes it, or the kernel chooses it and releases it later.

import { isLoopback, wildcard } from "../../base/addresses.ts";
import type { Address } from "../../base/addresses.ts";
import { AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, SO_REUSEADDR, SO_REUSEPORT, SOL_SOCKET } from "../../base/constants.ts";
import { errorFor } from "../../base/errors.ts";
import type { ErrnoName } from "../../base/errno.ts";
import { intOf } from "../options.ts";
import type { Options } from "../options.ts";
import { BROADCAST, isMulticast, isWildcard, shapeOf, unmap } from "./addresses.ts";
import type { Kernel } from "./kernel.ts";
import { isIPv6 } from "./packet.ts";
import type { Holder, Ports } from "./ports.ts";
import { resolve } from "./resolve.ts";

/** The local address of one socket. It is the holder of the socket's port. */
export class Binding<S> implements Holder {
  readonly socket: S;
  readonly family: number;
  /** The local address. IPv6 sockets store an IPv4-mapped address as IPv4. */
  host: string;
  /** The port that `getsockname` reports. It may be released already: see `isHeld`. */
  port = 0;
  listens = false;
  readonly isPortShared = false;
  readonly #kernel: Kernel;
  readonly #options: Options;
  readonly #ports: Ports<Holder>;
  #isHeld = false;
  /** Whether `bind` has fixed the address. `#fixedPort` says the same of the port: `bind` to port 0 does not fix it. */
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

  /** Whether the socket occupies its port, so that other sockets cannot take it. */
  get isHeld(): boolean {
    return this.#isHeld;
  }
  /** Whether the program named the port in bind. */
  get hasFixedPort(): boolean {
    return this.#fixedPort;
  }
  /** Whether the address belongs to one host: it is no wildcard, multicast or broadcast address. */
  get isOneHost(): boolean {
    return !isWildcard(this.host) && !isMulticast(this.host) && this.host !== BROADCAST;
  }
  /** The address in the form of its family. */
  get address(): Address {
    return shapeOf(this.family, this.host, this.port);
  }

  /** Binds an address, as bind(2). `isAllowed` says which addresses may be bound besides this host's own. */
  bind(address: Address, isAllowed: (host: string) => boolean): void {
    if (this.#isHeld) throw errorFor("EINVAL", { syscall: "bind", address });
    const [name, port] = resolve(this.#kernel.host, this.family, address, "bind") as [string, number];
    const host = unmap(name);
    if (!isWildcard(host) && !this.#kernel.owns(host) && !isAllowed(host)) {
      throw errorFor("EADDRNOTAVAIL", { syscall: "bind", address });
    }
    if (this.onlyIPv6 && !isIPv6(host)) throw errorFor("EINVAL", { syscall: "bind", address });
    this.#kernel.timeline.expire();
    const previousPort = this.port;
    this.host = host;
    this.port = port;
    try {
      if (port === 0) this.port = this.#freePort("EADDRINUSE", "bind", address);
      else this.#ports.check(this, address, "bind");
    } catch (error) {
      // As in Linux, a bind that fails also clears the address of an earlier connection.
      this.host = wildcard(this.family);
      this.port = previousPort;
      throw error;
    }
    this.#hold();
    this.#fixedPort = port !== 0;
    this.#fixedHost = !isWildcard(name);
  }

  /** Occupies any free port, unless the socket has a port. If there is none, throws the error `code` of the call. */
  claim(code: ErrnoName, syscall: string): void {
    if (this.#isHeld) return;
    this.port = this.#freePort(code, syscall);
    this.#hold();
  }

  #freePort(code: ErrnoName, syscall: string, address: unknown = this.address): number {
    const port = this.#ports.ephemeral();
    if (port === undefined) throw errorFor(code, { syscall, address });
    return port;
  }

  #hold(): void {
    this.#ports.hold(this);
    this.#isHeld = true;
  }

  /** Starts to listen. Throws EADDRINUSE if another socket listens on the same address. */
  listen(): void {
    this.#kernel.timeline.expire();
    this.claim("EADDRINUSE", "listen");
    this.listens = true;
    try {
      this.#ports.check(this, this.address, "listen");
    } catch (error) {
      this.listens = false;
      throw error;
    }
  }

  /**
   * Returns the destination for an address. As in Linux, the wildcard address is this host: over IPv4 the bound address if
   * there is one, or else the loopback address.
   */
  destinationFor(name: string): string {
    const host = unmap(name);
    if (!isWildcard(host)) return host;
    if (isIPv6(host)) return isIPv6(this.host) ? "::1" : "127.0.0.1";
    return this.isOneHost && !isIPv6(this.host) ? this.host : "127.0.0.1";
  }

  /** Returns the source address of packets to a destination. Throws if the bound address cannot reach it. */
  sourceFor(destination: string, address: Address, syscall: string): string {
    const refuse = (code: ErrnoName) => errorFor(code, { syscall, address });
    if (this.onlyIPv6 && !isIPv6(destination)) throw refuse("ENETUNREACH");
    if (isIPv6(destination) && !isIPv6(this.host)) throw refuse("EAFNOSUPPORT");
    if (!this.isOneHost) return this.#kernel.sourceFor(destination);
    if (isIPv6(this.host) !== isIPv6(destination)) {
      // An IPv6 address that an earlier connect of UDP chose does not matter to IPv4.
      if (this.#fixedHost) throw refuse("ENETUNREACH");
      return this.#kernel.sourceFor(destination);
    }
    // No packet leaves a host with a loopback address as its source.
    if (isLoopback(this.host) && !this.#kernel.owns(destination) && !isMulticast(destination)) throw refuse("EINVAL");
    return this.host;
  }

  /** Refuses IPV6_V6ONLY, which a socket that has a port cannot change. */
  checkOption(level: number, name: number, value: number | Uint8Array): void {
    if (level !== IPPROTO_IPV6 || name !== IPV6_V6ONLY || this.family !== AF_INET6) return;
    intOf(value);
    throw errorFor("EINVAL", { syscall: "setsockopt" });
  }

  /** Releases the port. */
  release(): void {
    if (this.#isHeld) this.#ports.release(this);
    this.#isHeld = false;
  }

  /**
   * Releases the address and port at the end of a connection, unless `bind` fixed them. `getsockname` still reports the
   * port, but other sockets may occupy it.
   */
  reset(): void {
    if (!this.#fixedHost) this.host = wildcard(this.family);
    if (!this.#fixedPort) this.release();
  }
}
