/**
 * Python's `socketserver` module over libc by FFI. It has the names of `@berkeley/socket/socketserver`, and uses the
 * sockets of `@berkeley/socket/native`. So it needs Linux, and `--allow-ffi` in addition to the net permission.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { create_connection } from "@berkeley/socket/native";
 * import { StreamRequestHandler, ThreadingTCPServer } from "@berkeley/socket/native/socketserver";
 *
 * class Echo extends StreamRequestHandler {
 *   override async handle() {
 *     for await (const line of this.rfile) await this.wfile.write(line);
 *   }
 * }
 *
 * await using server = new ThreadingTCPServer(["127.0.0.1", 0], Echo);
 * server.serve_forever();
 *
 * using client = await create_connection(server.server_address);
 * await client.sendall("hello\n");
 * assert.equal(new TextDecoder().decode(await client.recv(1024)), "hello\n");
 * ```
 *
 * @module
 */

import { AF_UNIX } from "../base/constants.ts";
import type { Socket } from "../core/socket.ts";
import { DatagramServer, StreamServer } from "../server/socket_server.ts";
import { ThreadingMixIn } from "../server/threading.ts";
import type { Threading, ThreadingClass } from "../server/threading.ts";
import { socket } from "../native.ts";

export type {
  Address,
  AddressLike,
  Inet6Address,
  InetAddress,
  NumberedAddress,
  PacketAddress,
  UnixAddress,
} from "../base/addresses.ts";
export type { Bytes } from "../base/data.ts";
export type { WaitOptions } from "../core/promises.ts";
export type { BufferedFile } from "../core/files.ts";
export type { Socket } from "../core/socket.ts";
export { BaseServer } from "../server/base_server.ts";
export type { Awaitable, RequestHandlerClass } from "../server/base_server.ts";
export { BaseRequestHandler, DatagramRequestHandler, StreamRequestHandler } from "../server/handlers.ts";
export type { Datagram } from "../server/handlers.ts";
export { DatagramServer, SocketServer, StreamServer } from "../server/socket_server.ts";
export type { SocketServerOptions } from "../server/socket_server.ts";
export { ThreadingMixIn } from "../server/threading.ts";
export type { ServerClass, Threading, ThreadingClass } from "../server/threading.ts";

/**
 * A TCP server that serves one connection after the other, as Python's `socketserver.TCPServer`. A subclass with
 * `static override address_family` serves another family.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { create_connection } from "@berkeley/socket/native";
 * import { BaseRequestHandler, TCPServer } from "@berkeley/socket/native/socketserver";
 * import type { Socket } from "@berkeley/socket/native";
 *
 * class Upper extends BaseRequestHandler<Socket> {
 *   override async handle() {
 *     const data = await this.request.recv(1024);
 *     await this.request.sendall(new TextDecoder().decode(data).toUpperCase());
 *   }
 * }
 *
 * await using server = new TCPServer(["127.0.0.1", 0], Upper);
 * const served = server.handle_request();
 * using client = await create_connection(server.server_address);
 * await client.sendall("hello");
 * await served;
 * assert.equal(new TextDecoder().decode(await client.recv(1024)), "HELLO");
 * ```
 */
export class TCPServer extends StreamServer {
  /** Opens a native socket. */
  override open(family: number, type: number): Socket {
    return socket(family, type);
  }
}

/** A UDP server that serves one datagram after the other, as Python's `socketserver.UDPServer`. */
export class UDPServer extends DatagramServer {
  /** Opens a native socket. */
  override open(family: number, type: number): Socket {
    return socket(family, type);
  }
}

/** A server of Unix stream sockets at a path, as Python's `socketserver.UnixStreamServer`. */
export class UnixStreamServer extends TCPServer {
  /** AF_UNIX. */
  static override address_family: number = AF_UNIX;
}

/** A server of Unix datagrams at a path, as Python's `socketserver.UnixDatagramServer`. */
export class UnixDatagramServer extends UDPServer {
  /** AF_UNIX. */
  static override address_family: number = AF_UNIX;
}

/** A {@linkcode TCPServer} that serves connections concurrently, as Python's `socketserver.ThreadingTCPServer`. */
export const ThreadingTCPServer: ThreadingClass<typeof TCPServer> = ThreadingMixIn(TCPServer);
/** An instance of {@linkcode ThreadingTCPServer}. */
export type ThreadingTCPServer = TCPServer & Threading;

/** A {@linkcode UDPServer} that serves datagrams concurrently, as Python's `socketserver.ThreadingUDPServer`. */
export const ThreadingUDPServer: ThreadingClass<typeof UDPServer> = ThreadingMixIn(UDPServer);
/** An instance of {@linkcode ThreadingUDPServer}. */
export type ThreadingUDPServer = UDPServer & Threading;

/**
 * A {@linkcode UnixStreamServer} that serves connections concurrently, as Python's
 * `socketserver.ThreadingUnixStreamServer`.
 */
export const ThreadingUnixStreamServer: ThreadingClass<typeof UnixStreamServer> = ThreadingMixIn(UnixStreamServer);
/** An instance of {@linkcode ThreadingUnixStreamServer}. */
export type ThreadingUnixStreamServer = UnixStreamServer & Threading;

/**
 * A {@linkcode UnixDatagramServer} that serves datagrams concurrently, as Python's
 * `socketserver.ThreadingUnixDatagramServer`.
 */
export const ThreadingUnixDatagramServer: ThreadingClass<typeof UnixDatagramServer> = ThreadingMixIn(
  UnixDatagramServer,
);
/** An instance of {@linkcode ThreadingUnixDatagramServer}. */
export type ThreadingUnixDatagramServer = UnixDatagramServer & Threading;
