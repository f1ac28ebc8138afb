// The authorities that this system trusts: where OpenSSL was told to look for them when it was built, or where the environment
// says.

import { libcrypto } from "./library.ts";
import type { Handle } from "./library.ts";
import { textBehind } from "./memory.ts";
import { cString } from "../call.ts";

/** What takes the certificates of a file or a directory. */
interface Store {
  trustFile(pem: string): void;
  trustDirectory(path: string): void;
}

/** Where the system's authorities are: Python's DefaultVerifyPaths. */
export interface DefaultPaths {
  /** The file, if it is there. */
  cafile: string | null;
  /** The directory, if it is there. */
  capath: string | null;
  /** The environment's name for the file. */
  openssl_cafile_env: string;
  /** The file as OpenSSL was built. */
  openssl_cafile: string;
  /** The environment's name for the directory. */
  openssl_capath_env: string;
  /** The directory as OpenSSL was built. */
  openssl_capath: string;
}

/** The same without what depends on the moment. */
export type BuiltInPaths = Omit<DefaultPaths, "cafile" | "capath">;

/** A variable of the environment, where it may be read. The permission is not asked for. */
export function environment(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** The paths as OpenSSL was built, and the names that override them. */
export function builtInPaths(): BuiltInPaths {
  const crypto = libcrypto();
  return {
    openssl_cafile_env: textBehind(crypto.X509_get_default_cert_file_env())!,
    openssl_cafile: textBehind(crypto.X509_get_default_cert_file())!,
    openssl_capath_env: textBehind(crypto.X509_get_default_cert_dir_env())!,
    openssl_capath: textBehind(crypto.X509_get_default_cert_dir())!,
  };
}

/**
 * Trusts the system's authorities. What OpenSSL was built with is public and needs no permission; what the environment
 * names is a file of its user's, and needs the permission to read it. As in Python, what is not there is passed over.
 */
export function systemAuthorities(context: Store, store: Handle): void {
  const paths = builtInPaths();
  const file = environment(paths.openssl_cafile_env);
  const directory = environment(paths.openssl_capath_env);
  if (file === undefined) libcrypto().X509_STORE_load_file(store, cString(paths.openssl_cafile));
  else unlessMissing(() => context.trustFile(Deno.readTextFileSync(file)));
  if (directory === undefined) libcrypto().X509_STORE_load_path(store, cString(paths.openssl_capath));
  else unlessMissing(() => context.trustDirectory(directory));
  libcrypto().ERR_clear_error();
}

/** The paths, with what is there now. What may not be looked at counts as missing. */
export function existing(paths: BuiltInPaths): DefaultPaths {
  const file = environment(paths.openssl_cafile_env) ?? paths.openssl_cafile;
  const directory = environment(paths.openssl_capath_env) ?? paths.openssl_capath;
  const found = (path: string, isWanted: (info: Deno.FileInfo) => boolean) => {
    try {
      return isWanted(Deno.statSync(path)) ? path : null;
    } catch {
      return null;
    }
  };
  return {
    cafile: found(file, (info) => info.isFile),
    capath: found(directory, (info) => info.isDirectory),
    ...paths,
  };
}

function unlessMissing(load: () => void): void {
  try {
    load();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
