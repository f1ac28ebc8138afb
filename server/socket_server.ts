// Servers on a socket: opening, binding and closing it, and the requests of streams and of datagrams.
//
// The entries of the backends extend the two classes with the function that opens their sockets.

import type { Address, AddressLike } from "../base/addresses.ts";
import {
  AF_INET,
  SHUT_WR,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../base/constants.ts";
import { OSError } from "../base/errors.ts";
import type { WaitOptions } from "../core/promises.ts";
import { checkOptions } from "../core/arguments.ts";
import type { Socket } from "../core/socket.ts";
import { BaseServer } from "./base_server.ts";
import type { Awaitable, RequestHandlerClass } from "./base_server.ts";
import type { Datagram } from "./handlers.ts";

/** The last argument of a server: Python's keyword. */
export interface SocketServerOptions {
  /** Whether the constructor binds and listens. True by default. */
  bind_and_activate?: boolean;
}

/**
 * The settings that the constructor reads. In Python they are class variables. A field of a subclass is initialized only
 * after the superclass's constructor, which is too late.
 */
const CLASS_VARIABLES = [
  "address_family",
  "socket_type",
  "allow_reuse_address",
  "allow_reuse_port",
  "request_queue_size",
] as const;

/** The common part of stream and datagram servers. */
export abstract class SocketServer<R> extends BaseServer<R> {
  /** The address family. A subclass may override this and the next four: `static override address_family = AF_INET6`. */
  static address_family: number = AF_INET;
  /** The socket type. */
  static socket_type: number = SOCK_STREAM;
  /** Whether to bind a port that old connections still use (SO_REUSEADDR). */
  static allow_reuse_address: boolean = false;
  /** Whether several servers may share the port (SO_REUSEPORT). */
  static allow_reuse_port: boolean = false;
  /** The number of connections that may be queued: the backlog of listen(2). */
  static request_queue_size: number = 5;

  /**
   * The listening socket. Set it before the first request to serve TLS, as in Python:
   *
   * ```ts ignore
   * server.socket = await context.wrap_socket(server.socket, { server_side: true });
   * ```
   */
  socket: Socket;
  #boundByConstructor = false;

  /**
   * Opens the socket, and binds and activates it unless `bind_and_activate` is false.
   *
   * @throws {OSError} the errors of bind and listen. The socket is closed then.
   */
  constructor(
    server_address: AddressLike,
    RequestHandlerClass: RequestHandlerClass<R>,
    bind_and_activate: boolean | SocketServerOptions = true,
  ) {
    super(server_address, RequestHandlerClass);
    if (typeof bind_and_activate !== "boolean") {
      checkOptions(bind_and_activate, ["bind_and_activate"]);
      bind_and_activate = bind_and_activate.bind_and_activate ?? true;
    }
    this.socket = this.open(this.address_family, this.socket_type);
    if (!bind_and_activate) return;
    try {
      this.server_bind();
      this.server_activate();
      this.#boundByConstructor = true;
    } catch (error) {
      this.socket.close();
      throw error;
    }
  }

  /** Opens the socket. A subclass may override it, to adopt a descriptor for example. */
  abstract open(family: number, type: number): Socket;

  get #class(): typeof SocketServer {
    return this.constructor as typeof SocketServer;
  }
  /** The class variable of this name. */
  get address_family(): number {
    return this.#class.address_family;
  }
  /** The class variable of this name. */
  get socket_type(): number {
    return this.#class.socket_type;
  }
  /** The class variable of this name. */
  get allow_reuse_address(): boolean {
    return this.#class.allow_reuse_address;
  }
  /** The class variable of this name. */
  get allow_reuse_port(): boolean {
    return this.#class.allow_reuse_port;
  }
  /** The class variable of this name. */
  get request_queue_size(): number {
    return this.#class.request_queue_size;
  }

  /** Binds the socket, and sets `server_address` to its address. */
  server_bind(): void {
    if (this.allow_reuse_address) this.socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
    if (this.allow_reuse_port) this.socket.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
    this.socket.bind(this.server_address);
    this.server_address = this.socket.getsockname() as AddressLike;
  }

  /** Throws for a class variable that was set as a field. */
  protected override checkFields(): void {
    if (!this.#boundByConstructor) return;
    const late = CLASS_VARIABLES.find((name) => Object.hasOwn(this, name));
    if (late !== undefined) {
      throw new TypeError(`${late} is a field, which the constructor does not see: write static ${late}`);
    }
  }

  /** Closes the socket. */
  override server_close(): Promise<void> {
    this.socket.close();
    return super.server_close();
  }

  /** Returns the socket's descriptor; -1 once it is closed. */
  override fileno(): number {
    return this.socket.fileno();
  }

  /** Returns the socket's timeout in seconds, null for none. */
  protected override socketTimeout(): number | null {
    return this.socket.gettimeout();
  }
}

/** A server of connections. Each connection is a request. */
export abstract class StreamServer extends SocketServer<Socket> {
  /** Starts to listen. */
  override server_activate(): void {
    this.socket.listen(this.request_queue_size);
  }

  /** Accepts a connection. */
  override get_request(options?: WaitOptions): Promise<[Socket, Address]> {
    return this.socket.accept(options);
  }

  /** Half-closes the connection, so that the client receives the end of the stream, and closes it. */
  override async shutdown_request(request: Socket): Promise<void> {
    try {
      await request.shutdown(SHUT_WR);
    } catch (error) {
      // This is ignored: the client or the handler has closed the connection.
      if (!(error instanceof OSError)) throw error;
    }
    await this.close_request(request);
  }

  /** Closes the connection. */
  override close_request(request: Socket): Awaitable<void> {
    request.close();
  }
}

/** A server of datagrams. Each datagram is a request. */
export abstract class DatagramServer extends SocketServer<Datagram> {
  /** SOCK_DGRAM. */
  static override socket_type: number = SOCK_DGRAM;
  /** The longest datagram that is received whole, in bytes. A longer one is cut. */
  max_packet_size: number = 8192;

  /** Receives a datagram. */
  override async get_request(options?: WaitOptions): Promise<[Datagram, Address]> {
    const [data, address] = await this.socket.recvfrom(this.max_packet_size, 0, options);
    return [[data, this.socket], address];
  }
}
