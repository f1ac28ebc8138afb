// get_server_certificate: connects to a server only to get its certificate.

import { checkOptions } from "../core/arguments.ts";
import type { Socket } from "../core/socket.ts";
import { CERT_NONE, PROTOCOL_TLS_CLIENT } from "./constants.ts";
import type { BaseContext } from "./context.ts";
import { DER_cert_to_PEM_cert } from "./pem.ts";

/** The last argument of `get_server_certificate`: Python's keywords. */
export interface ServerCertificateOptions {
  /** The protocol of the context. */
  ssl_version?: number;
  /** The path of trusted certificates, or their PEM text. If given, the certificate is verified, but not its name. */
  ca_certs?: string | null;
  /** The timeout of the socket in seconds; null for none. */
  timeout?: number | null;
}

/** The functions of a backend. */
export interface Connector {
  makeContext(protocol: number): BaseContext;
  connect(address: [host: string, port: number], timeout: number | null | undefined): Promise<Socket>;
}

/** Returns a server's certificate in PEM. */
export async function serverCertificate(
  { makeContext, connect }: Connector,
  address: [host: string, port: number],
  options: ServerCertificateOptions,
): Promise<string> {
  checkOptions(options, ["ssl_version", "ca_certs", "timeout"]);
  const { ssl_version = PROTOCOL_TLS_CLIENT, ca_certs = null, timeout } = options;
  const context = makeContext(ssl_version);
  context.check_hostname = false;
  if (ca_certs === null) context.verify_mode = CERT_NONE;
  else context.load_verify_locations(ca_certs);
  using sock = await connect(address, timeout);
  using secure = await context.wrap_socket(sock, { server_hostname: address[0] });
  return DER_cert_to_PEM_cert(secure.getpeercert(true)!);
}
