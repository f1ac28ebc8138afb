// Where OpenSSL 3 is, opened at the first use.

import { libc } from "../libc.ts";
import { LIBCRYPTO } from "./libcrypto.ts";
import { LIBSSL } from "./libssl.ts";

/** An object of OpenSSL's, which is not NULL. */
export type Handle = NonNullable<Deno.PointerValue>;

/** The functions of libssl that the engine calls. */
export type LibSSL = Deno.DynamicLibrary<typeof LIBSSL>["symbols"];
/** The functions of libcrypto that it calls. */
export type LibCrypto = Deno.DynamicLibrary<typeof LIBCRYPTO>["symbols"];

/**
 * Where a library may be. A bare name is searched for as the system does. Deno looks for bare names in the current directory
 * where FFI is granted for some paths only; there it is the path that is granted.
 */
function candidates(name: string): string[] {
  const { state, partial } = Deno.permissions.querySync({ name: "ffi" });
  if (state === "granted" && !partial) return [name];
  const folders = [
    `/usr/lib/${Deno.build.arch}-linux-gnu`,
    `/lib/${Deno.build.arch}-linux-gnu`,
    "/usr/lib64",
    "/lib64",
  ];
  return [...folders, "/usr/lib", "/lib"].map((folder) => `${folder}/${name}`);
}

function open<const S extends Deno.ForeignLibraryInterface>(
  name: string,
  symbols: S,
): Deno.DynamicLibrary<S>["symbols"] {
  libc(); // Elsewhere than on Linux, its error says so.
  let refused: unknown;
  let missing: unknown;
  for (const path of candidates(name)) {
    try {
      return Deno.dlopen(path, symbols).symbols;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) refused ??= error;
      else missing ??= error;
    }
  }
  if (missing === undefined) throw refused;
  throw new Error(
    `Native TLS needs OpenSSL 3 (${name}): install the package libssl3 of Debian (libssl3t64 from version 13 on), openssl-libs of Fedora ` +
      `or libssl3 of Alpine; the default backend needs no library: import "@berkeley/socket/ssl"`,
    { cause: missing },
  );
}

let ssl: LibSSL | undefined;
let crypto: LibCrypto | undefined;

/** libssl. */
export function libssl(): LibSSL {
  return ssl ??= open("libssl.so.3", LIBSSL);
}

/** libcrypto. */
export function libcrypto(): LibCrypto {
  return crypto ??= open("libcrypto.so.3", LIBCRYPTO);
}

/** Passes an object through; what OpenSSL could not make is out of memory. */
export function made(object: Deno.PointerValue): Handle {
  if (object === null) throw new Error("OpenSSL is out of memory");
  return object;
}
