// Whether Deno's TLS accepts certificates and keys.
//
// Deno.startTls and Deno.listenTls report that too late: the connection or the listener is lost then. An HTTP client takes
// the same certificates and keys, needs no permission, and connects nowhere before it is used.

/** Returns why Deno's TLS refuses authorities, or a certificate with its key; null if it accepts them. */
export function refusalOf(options: { caCerts: string[] } | { cert: string; key: string }): string | null {
  try {
    Deno.createHttpClient(options).close();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
