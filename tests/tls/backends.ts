// Both backends with TLS, for tests that hold on both.

import * as denoSocket from "../../mod.ts";
import * as nativeSocket from "../../native.ts";
import * as nativeSsl from "../../native/ssl.ts";
import * as denoSsl from "../../ssl.ts";
import type { Socket } from "../../mod.ts";
import { libssl } from "../../native/tls/library.ts";
import { libcrypto } from "../../native/tls/library.ts";
import type { SSLSocket } from "../../tls/socket.ts";

/** The two modules of a backend. */
export interface TlsBackend {
  name: string;
  socket: typeof denoSocket;
  ssl: typeof denoSsl;
  native: boolean;
}

export const DEFAULT: TlsBackend = { name: "default", socket: denoSocket, ssl: denoSsl, native: false };
export const NATIVE: TlsBackend = {
  name: "native",
  socket: nativeSocket as unknown as typeof denoSocket,
  ssl: nativeSsl as unknown as typeof denoSsl,
  native: true,
};
export const BACKENDS: TlsBackend[] = [DEFAULT, NATIVE];

// The libraries are never closed. Opened here, they do not look like a leak of a test.
libssl();
libcrypto();

/** A context that trusts certain certificates, as create_default_context makes it. */
export function clientContext({ ssl, native }: TlsBackend, ca: string): denoSsl.SSLContext {
  const context = ssl.create_default_context({ cadata: ca });
  // Deno always trusts its own roots too, and the module requires the program to say so.
  if (!native) context.load_default_certs();
  return context;
}

/** A context for a server. */
export function serverContext({ ssl }: TlsBackend, identity: { cert: string; key: string }): denoSsl.SSLContext {
  const context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH);
  context.load_cert_chain(identity.cert, identity.key);
  return context;
}

/** A TCP connection. */
export function dial({ socket }: TlsBackend, port: number): Promise<Socket> {
  return socket.create_connection(["127.0.0.1", port]) as Promise<Socket>;
}

/** The port of a listener. */
export function portOf(server: { getsockname(): unknown }): number {
  return (server.getsockname() as [string, number])[1];
}

/** Makes a TLS listener. */
export async function listen(
  backend: TlsBackend,
  context: denoSsl.SSLContext,
  options: Record<string, unknown> = {},
): Promise<SSLSocket> {
  const server = backend.socket.create_server(["127.0.0.1", 0]);
  return await context.wrap_socket(server as Socket, { server_side: true, ...options });
}

/** Receives that many bytes, or up to the end of the stream. */
export async function receive(sock: Socket, size = Infinity): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let count = 0;
  while (count < size) {
    const part = await sock.recv(Math.min(65536, size - count));
    if (part.length === 0) break;
    parts.push(part);
    count += part.length;
  }
  const all = new Uint8Array(count);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The error that a promise rejects with. If it does not reject, a plain Error that says so. */
// deno-lint-ignore no-explicit-any -- errors of several classes
export function errorOf(promise: Promise<unknown>): Promise<any> {
  return promise.then((value) => new Error(`no error, but ${Deno.inspect(value)}`), (error) => error);
}

/** Bytes as text. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
