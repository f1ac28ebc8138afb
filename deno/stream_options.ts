// Socket options of streams on Deno's net API. They are kept here, and passed to Deno when it listens or connects.

import {
  AF_INET6,
  AF_UNIX,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_BROADCAST,
  SO_KEEPALIVE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import { checkSettable, unknownOption } from "./options.ts";
import { checkUnstableNet } from "./refusals.ts";

/** The options of a stream that can be set. */
export class StreamOptions {
  readonly #family: number;
  #reuseAddr = 0;
  #reusePort = 0;
  #keepAlive = 0;
  /** It has no effect on a stream, but the kernel stores it. */
  #broadcast = 0;
  #noDelay = 0;

  constructor(family: number) {
    this.#family = family;
  }

  /** The value of an option. */
  get(level: number, name: number): number {
    if (level === SOL_SOCKET) {
      if (name === SO_REUSEADDR) return this.#reuseAddr;
      if (name === SO_REUSEPORT) return this.#reusePort;
      if (name === SO_KEEPALIVE) return this.#keepAlive;
      if (name === SO_BROADCAST) return this.#broadcast;
    } else if (this.#family === AF_UNIX) throw errorFor("EOPNOTSUPP", { syscall: "getsockopt" });
    else if (level === IPPROTO_TCP && name === TCP_NODELAY) return this.#noDelay;
    // Deno's IPv6 listeners accept IPv4 connections too, which is Linux's default.
    else if (this.#isV6Only(level, name)) return 0;
    throw unknownOption("getsockopt", level, name);
  }

  /** Sets an option. `apply` passes it to a connection. */
  set(level: number, name: number, value: number): void {
    const flag = value === 0 ? 0 : 1;
    if (level === SOL_SOCKET) {
      checkSettable(name);
      if (name === SO_REUSEADDR) this.#reuseAddr = flag;
      else if (name === SO_REUSEPORT) {
        // Without the flag --unstable-net, Deno ends the whole process when a listener asks for it.
        if (flag !== 0) checkUnstableNet("SO_REUSEPORT needs", "ENOPROTOOPT", "setsockopt");
        this.#reusePort = flag;
      } else if (name === SO_KEEPALIVE) this.#keepAlive = flag;
      else if (name === SO_BROADCAST) this.#broadcast = flag;
      else throw unknownOption("setsockopt", level, name);
    } else if (this.#family === AF_UNIX) throw errorFor("EOPNOTSUPP", { syscall: "setsockopt" });
    else if (level === IPPROTO_TCP && name === TCP_NODELAY) this.#noDelay = flag;
    else if (!this.#isV6Only(level, name) || flag !== 0) throw unknownOption("setsockopt", level, name);
  }

  #isV6Only(level: number, name: number): boolean {
    return this.#family === AF_INET6 && level === IPPROTO_IPV6 && name === IPV6_V6ONLY;
  }

  /** Returns a copy for an accepted connection. On Linux it has its listener's options. */
  inherit(): StreamOptions {
    const options = new StreamOptions(this.#family);
    options.#reuseAddr = this.#reuseAddr;
    options.#reusePort = this.#reusePort;
    options.#keepAlive = this.#keepAlive;
    options.#noDelay = this.#noDelay;
    options.#broadcast = this.#broadcast;
    return options;
  }

  /** Sets the options of a connection that differ from what was set on it before. */
  apply(conn: Deno.Conn): void {
    if (this.#family === AF_UNIX) return;
    const tcp = conn as Deno.TcpConn;
    if (this.#noDelay !== this.#appliedNoDelay) tcp.setNoDelay(this.#noDelay !== 0);
    if (this.#keepAlive !== this.#appliedKeepAlive) tcp.setKeepAlive(this.#keepAlive !== 0);
    this.#appliedNoDelay = this.#noDelay;
    this.#appliedKeepAlive = this.#keepAlive;
  }
  #appliedNoDelay = 0;
  #appliedKeepAlive = 0;
}
