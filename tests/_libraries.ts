// Loaded before the tests. It opens the libraries that the native backend uses and never closes. Otherwise the test
// that uses them first would seem to leak them.

import { libc, libcEpoll, libcMemory, libcTransfer } from "../native/libc.ts";
import { libcNames } from "../native/names/libc.ts";
import { libcrypto, libssl } from "../native/tls/library.ts";

if (Deno.build.os === "linux") {
  libc();
  libcTransfer();
  libcEpoll();
  libcMemory();
  libcNames();
  try {
    libssl();
    libcrypto();
  } catch {
    // OpenSSL is missing. The TLS tests report it.
  }
}
