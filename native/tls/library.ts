// Opens the libraries of OpenSSL 3 at their first use.

import { libc } from "../libc.ts";
import { LIBCRYPTO } from "./libcrypto.ts";
import { LIBSSL } from "./libssl.ts";

/** A pointer to an object of OpenSSL, not NULL. */
export type Handle = NonNullable<Deno.PointerValue>;

/** The functions of libssl that the engine calls. */
export type LibSSL = Deno.DynamicLibrary<typeof LIBSSL>["symbols"];
/** The functions of libcrypto that the engine calls. */
export type LibCrypto = Deno.DynamicLibrary<typeof LIBCRYPTO>["symbols"];

/**
 * Returns the places where a library may be. The system searches for a bare name. If FFI is granted for some paths only,
 * Deno would look for a bare name in the current directory. So in that case the granted path is used.
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
  libc(); // On other systems than Linux, this throws an error that says so.
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

/** Returns the functions of libssl. */
export function libssl(): LibSSL {
  return ssl ??= open("libssl.so.3", LIBSSL);
}

/** Returns the functions of libcrypto. */
export function libcrypto(): LibCrypto {
  return crypto ??= open("libcrypto.so.3", LIBCRYPTO);
}

/** Returns an object that OpenSSL made. It makes NULL only if memory runs out. */
export function made(object: Deno.PointerValue): Handle {
  if (object === null) throw new Error("OpenSSL is out of memory");
  return object;
}
