// wrap_socket: puts TLS on a socket.

import { SO_ACCEPTCONN, SOCK_STREAM, SOL_SOCKET } from "../base/constants.ts";
import { errorFor, OSError } from "../base/errors.ts";
import { checkOptions } from "../core/arguments.ts";
import { throwIfAborted } from "../core/promises.ts";
import type { WaitOptions } from "../core/promises.ts";
import { partsOf, Socket, turnsOf } from "../core/socket.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Transport } from "../seam/transport.ts";
import type { BaseContext } from "./context.ts";
import { SSL_ERROR_SSL } from "./constants.ts";
import type { SocketRequest, SocketState } from "./context_engine.ts";
import { engineOf } from "./engines.ts";
import { SSLError } from "./errors.ts";
import { checkSide, requestFor } from "./request.ts";
import { serverName } from "./server_name.ts";
import { sslSocketOf } from "./socket.ts";
import type { ConnectionOwner, SocketSettings, SSLSocket } from "./socket.ts";

/** The last argument of `wrap_socket`: Python's keywords, and the signal of calls that wait. */
export interface WrapSocketOptions extends WaitOptions {
  /** Whether this is the server's side of the connection. */
  server_side?: boolean;
  /** Whether to make the handshake at once. If not, `do_handshake()` or the first recv or send makes it. True by default. */
  do_handshake_on_connect?: boolean;
  /** Whether a truncated stream counts as one that has ended. False by default; Python's default is true. */
  suppress_ragged_eofs?: boolean;
  /** The server's name. It is required for a client that checks host names. */
  server_hostname?: string | null;
  /** A session to resume. Only on the native backend. */
  session?: unknown;
}

const OPTIONS = [
  "server_side",
  "do_handshake_on_connect",
  "suppress_ragged_eofs",
  "server_hostname",
  "session",
  "signal",
];

/** Puts TLS on a socket and takes it over. Wrong arguments leave it unchanged. A failed handshake closes it. */
export async function wrapSocket(context: BaseContext, sock: Socket, options: WrapSocketOptions): Promise<SSLSocket> {
  if (!(sock instanceof Socket)) throw new TypeError("wrap_socket takes a Socket");
  return await turnsOf(sock).count(() => wrap(context, sock, options));
}

async function wrap(context: BaseContext, sock: Socket, options: WrapSocketOptions): Promise<SSLSocket> {
  const settings = settingsFrom(context, options);
  const { runtime, descriptor, release } = partsOf(sock);
  const { open: inner } = descriptor;
  const state = stateOf(inner);
  checkSocket(sock, state, settings);
  const request = (owner: ConnectionOwner): SocketRequest => ({
    engine: requestFor(context, settings.serverSide, settings.serverHostname, settings.session, () => owner),
    suppressRaggedEofs: settings.suppressRaggedEofs,
    handshakeOnConnect: settings.handshakeOnConnect,
    clock: runtime.clock,
  });
  const engine = engineOf(context);
  engine.checkSocket(inner, state, request({ context }));
  if (state === "unconnected") checkEarlyData(sock, inner);

  const timeout = sock.gettimeout();
  release();
  const exchange = (transport: Transport) => runtime.descriptors.exchange(descriptor, transport);
  if (state === "listening") {
    const owners = new WeakMap<Transport, ConnectionOwner>();
    const listener = engine.secureListener(inner, (connection) => {
      const owner = { context };
      const transport = engine.secure(connection, request(owner));
      owners.set(transport, owner);
      return transport;
    }, request({ context }));
    const base = { kind: "listener", ownerOf: (transport: Transport) => owners.get(transport)! } as const;
    return withTimeout(sslSocketOf(runtime, exchange(listener), { ...settings, owner: { context } }, base), timeout);
  }
  const owner = { context };
  const transport = engine.secure(inner, request(owner));
  const base = { kind: "connection", transport } as const;
  const wrapped = withTimeout(sslSocketOf(runtime, exchange(transport), { ...settings, owner }, base), timeout);
  if (state === "unconnected") return wrapped;
  try {
    await transport.start();
    if (settings.handshakeOnConnect) await wrapped.do_handshake({ signal: options.signal });
  } catch (error) {
    wrapped.close();
    throw error;
  }
  return wrapped;
}

function withTimeout(wrapped: SSLSocket, timeout: number | null): SSLSocket {
  wrapped.settimeout(timeout);
  return wrapped;
}

/** Checks the options and returns them with their defaults. */
function settingsFrom(
  context: BaseContext,
  options: WrapSocketOptions,
): Omit<SocketSettings, "owner"> & { session: unknown } {
  throwIfAborted(checkOptions(options, OPTIONS));
  const serverHostname = serverName(options.server_hostname);
  const { server_side: serverSide = false, session = null } = options;
  checkSide(context, serverSide, serverHostname, session);
  return {
    serverSide,
    serverHostname,
    session,
    handshakeOnConnect: options.do_handshake_on_connect ?? true,
    suppressRaggedEofs: options.suppress_ragged_eofs ?? false,
  };
}

function stateOf(inner: Transport): SocketState {
  try {
    inner.getpeername();
    return "connected";
  } catch (error) {
    if (!(error instanceof OSError) || error.code !== "ENOTCONN") throw error;
  }
  return inner.getsockopt(SOL_SOCKET, SO_ACCEPTCONN) !== 0 ? "listening" : "unconnected";
}

function checkSocket(sock: Socket, state: SocketState, settings: Omit<SocketSettings, "owner">): void {
  if (sock.type !== SOCK_STREAM) {
    throw errorFor("EOPNOTSUPP", { syscall: "wrap_socket", hint: "only stream sockets are supported" });
  }
  if (state === "listening" && !settings.serverSide) {
    throw new RangeError("a listening socket is wrapped with server_side: true");
  }
  if (state === "connected" && settings.handshakeOnConnect && sock.gettimeout() === 0) {
    throw new RangeError("do_handshake_on_connect should not be specified for non-blocking sockets");
  }
}

/**
 * Throws if a socket that is not connected has data, or the error of a connection that was reset. Both happen if the peer
 * has closed the connection already. The data came without TLS, and must not be returned as data of a TLS connection.
 */
function checkEarlyData(sock: Socket, inner: Transport): void {
  const caller: Caller = { turn: 0 };
  let data;
  try {
    data = inner.recv(caller, 1, 0);
  } catch (error) {
    if (isNotConnected(error)) return; // As expected.
    sock.close();
    throw error;
  }
  if (data === WOULD_BLOCK) return inner.forget(caller);
  if (data.length === 0) return;
  sock.close();
  const reason = "Closed before TLS handshake with data in recv buffer.";
  throw new SSLError(SSL_ERROR_SSL, reason, { reason });
}

/** A receive on an unconnected socket fails with ENOTCONN, and on a Unix socket with EINVAL. */
function isNotConnected(error: unknown): boolean {
  return error instanceof OSError && (error.code === "ENOTCONN" || error.code === "EINVAL");
}
