// Loaded before the tests: the libraries that the native backend opens. They stay open for as long as the process lives.
// Opened here, they are no leak of the test that uses them first.

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
    // Without OpenSSL, the tests of its TLS say so.
  }
}
