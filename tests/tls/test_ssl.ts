// The cases of CPython 3.13's test_ssl by name: those that are rewritten here, and the reasons why others are missing.

import { Authority } from "./authority.ts";
import { clientContext, dial, listen, NATIVE, portOf, serverContext } from "./backends.ts";
import type { WrapSocketOptions } from "../../ssl.ts";
import type { SSLContext, SSLSocket } from "../../ssl.ts";

/** Declares a rewritten case of test_ssl. */
export function testSsl(name: string, fn: () => void | Promise<void>): void {
  Deno.test(`native: test_ssl: ${name}`, fn);
}

const OLD_PROTOCOLS = "TLS 1.0, TLS 1.1 and SSL 3.0 are not supported";
const LATER_AUTHENTICATION = "authentication after the handshake is left out";
const DEBUGGING = "a hook for debugging";
const WINDOWS = "for Windows";
const PYTHON = "about Python's own objects: reference cycles, warnings, enumerations' texts";
const LIBRARY_AT_IMPORT = "the constants would load OpenSSL when the module is imported: docs/tls.md";

/** The reasons why cases are missing. */
export const EXCEPTIONS: Record<string, string> = {
  test_errors_sslwrap: "of Pythons before 3.13",
  test_match_hostname: "of Pythons before 3.13",
  test_protocol_sslv2: "of Pythons before 3.13",
  test_asn1object: "private in Python",
  test__create_stdlib_context: "private in Python",
  test_str_for_enums: PYTHON,
  test_refcycle: PYTHON,
  test_dealloc_warn: PYTHON,
  test_sni_callback_refcycle: PYTHON,
  test_openssl111_deprecations: PYTHON,
  test_cert_time_to_seconds_locale: PYTHON,
  test_tlsversion: PYTHON,
  test_tlscontenttype: PYTHON,
  test_tlsalerttype: PYTHON,
  test_tlsmessagetype: PYTHON,
  test_sslmethod: PYTHON,
  test_alertdescription: PYTHON,
  test_sslerrornumber: PYTHON,
  test_verifyflags: PYTHON,
  test_verifymode: PYTHON,
  test_context_custom_class: PYTHON,
  test_asyncore_server: "asyncore is no part of Python 3.13",
  test_npn_protocols: "NPN is in no OpenSSL that Python supports",
  test_enum_certificates: WINDOWS,
  test_enum_crls: WINDOWS,
  test_load_default_certs_env_windows: WINDOWS,
  test_openssl_version: LIBRARY_AT_IMPORT,
  test_protocol_sslv3: OLD_PROTOCOLS,
  test_protocol_tlsv1: OLD_PROTOCOLS,
  test_protocol_tlsv1_1: OLD_PROTOCOLS,
  test_min_max_version_tlsv1_1: OLD_PROTOCOLS,
  test_min_max_version_sslv3: OLD_PROTOCOLS,
  test_timeout_connect_ex: "needs the Internet",
  test_get_server_certificate_ipv6: "needs the Internet",
  test_pha_setter: LATER_AUTHENTICATION,
  test_pha_required: LATER_AUTHENTICATION,
  test_pha_required_nocert: LATER_AUTHENTICATION,
  test_pha_optional: LATER_AUTHENTICATION,
  test_pha_optional_nocert: LATER_AUTHENTICATION,
  test_pha_no_pha_client: LATER_AUTHENTICATION,
  test_pha_no_pha_server: LATER_AUTHENTICATION,
  test_pha_not_tls13: LATER_AUTHENTICATION,
  test_bpo37428_pha_cert_none: LATER_AUTHENTICATION,
  test_keylog_defaults: DEBUGGING,
  test_keylog_filename: DEBUGGING,
  test_keylog_env: DEBUGGING,
  test_msg_callback: DEBUGGING,
  test_msg_callback_tls12: DEBUGGING,
  test_msg_callback_deadlock_bpo43577: DEBUGGING,
  test_https_client_non_tls_response_ignored: "about http.client",
};

/** The authority that issues the certificates of the cases. */
export const authority = await Authority.create();
export const identity = await authority.issue();

/** A client's and a server's context, as test_ssl's testing_context(). */
export function contexts(): [client: SSLContext, server: SSLContext] {
  return [clientContext(NATIVE, authority.cert), serverContext(NATIVE, identity)];
}

/** A connection of a client and a server. */
export interface Pair extends AsyncDisposable {
  client: SSLSocket;
  server: SSLSocket;
}

/** Connects two contexts. */
export async function connect(
  client: SSLContext,
  server: SSLContext,
  options: WrapSocketOptions = { server_hostname: "localhost" },
): Promise<Pair> {
  using listener = await listen(NATIVE, server);
  const accepted = listener.accept();
  accepted.catch(() => {});
  let near: SSLSocket;
  const plain = await dial(NATIVE, portOf(listener));
  try {
    near = await client.wrap_socket(plain, options);
  } catch (error) {
    plain.close();
    // If the handshake fails, `conn` is the server's error, which the test may check.
    const conn = await accepted.catch((cause) => cause);
    if (Array.isArray(conn)) conn[0].close();
    (error as { peer?: unknown }).peer = conn;
    throw error;
  }
  const [far] = await accepted;
  return {
    client: near,
    server: far,
    async [Symbol.asyncDispose]() {
      await near[Symbol.asyncDispose]();
      await far[Symbol.asyncDispose]();
    },
  };
}
