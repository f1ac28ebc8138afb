// Servers on a socket: how it is opened, bound and closed, and what a request is on a stream and on datagrams.
//
// A backend's entry extends the two classes with the function that opens its sockets.

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

/** The keyword that a server takes last. */
export interface SocketServerOptions {
  /** Whether the constructor binds and listens; true if left out. */
  bind_and_activate?: boolean;
}

/**
 * What is read when the constructor binds. In Python these are class variables. A field of a subclass comes into being only
 * after the constructor has run, which would be too late.
 */
const CLASS_VARIABLES = [
  "address_family",
  "socket_type",
  "allow_reuse_address",
  "allow_reuse_port",
  "request_queue_size",
] as const;

/** What stream and datagram servers have in common. */
export abstract class SocketServer<R> extends BaseServer<R> {
  /** The address family. A subclass may change this and the four below: `static override address_family = AF_INET6`. */
  static address_family: number = AF_INET;
  /** The type of socket. */
  static socket_type: number = SOCK_STREAM;
  /** Whether a port may be bound of which old connections linger (SO_REUSEADDR). */
  static allow_reuse_address: boolean = false;
  /** Whether several servers may share the port (SO_REUSEPORT). */
  static allow_reuse_port: boolean = false;
  /** How many connections may wait to be accepted: the backlog of listen(2). */
  static request_queue_size: number = 5;

  /** The listening socket. */
  readonly socket: Socket;
  #boundByConstructor = false;

  /**
   * Opens the socket, and binds and activates it unless `bind_and_activate` is false.
   *
   * @throws {OSError} what bind and listen throw; then the socket is closed again.
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

  /** Binds the socket, and notes the address that it got. */
  server_bind(): void {
    if (this.allow_reuse_address) this.socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
    if (this.allow_reuse_port) this.socket.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
    this.socket.bind(this.server_address);
    this.server_address = this.socket.getsockname() as AddressLike;
  }

  /** Refuses a class variable that was set as a field. */
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

  /** The socket's descriptor; -1 once it is closed. */
  override fileno(): number {
    return this.socket.fileno();
  }

  /** The socket's timeout. */
  protected override socketTimeout(): number | null {
    return this.socket.gettimeout();
  }
}

/** A server of connections; each one is a request. */
export abstract class StreamServer extends SocketServer<Socket> {
  /** Starts to listen. */
  override server_activate(): void {
    this.socket.listen(this.request_queue_size);
  }

  /** Accepts a connection. */
  override get_request(options?: WaitOptions): Promise<[Socket, Address]> {
    return this.socket.accept(options);
  }

  /** Half-closes the connection, so that the client reads the end of the stream, and closes it. */
  override async shutdown_request(request: Socket): Promise<void> {
    try {
      await request.shutdown(SHUT_WR);
    } catch (error) {
      // The client has gone, or the handler has closed the connection.
      if (!(error instanceof OSError)) throw error;
    }
    await this.close_request(request);
  }

  /** Closes the connection. */
  override close_request(request: Socket): Awaitable<void> {
    request.close();
  }
}

/** A server of datagrams; each one is a request. */
export abstract class DatagramServer extends SocketServer<Datagram> {
  /** Datagrams. */
  static override socket_type: number = SOCK_DGRAM;
  /** The longest datagram that is received whole, in bytes. */
  max_packet_size: number = 8192;

  /** Receives a datagram. */
  override async get_request(options?: WaitOptions): Promise<[Datagram, Address]> {
    const [data, address] = await this.socket.recvfrom(this.max_packet_size, 0, options);
    return [[data, this.socket], address];
  }
}
