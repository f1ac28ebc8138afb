// The authorities that this system trusts. OpenSSL was built with paths for them, and the environment may name others.

import { libcrypto } from "./library.ts";
import type { Handle } from "./library.ts";
import { textBehind } from "./memory.ts";
import { cString } from "../call.ts";

/** A context that can trust the certificates in files and directories. */
interface Store {
  trustFile(pem: string): void;
  trustDirectory(path: string): void;
}

/** The paths of the system's authorities, as Python's `DefaultVerifyPaths`. */
export interface DefaultPaths {
  /** The file; null if it does not exist. */
  cafile: string | null;
  /** The directory; null if it does not exist. */
  capath: string | null;
  /** The environment variable that names another file. */
  openssl_cafile_env: string;
  /** The file that OpenSSL was built with. */
  openssl_cafile: string;
  /** The environment variable that names another directory. */
  openssl_capath_env: string;
  /** The directory that OpenSSL was built with. */
  openssl_capath: string;
}

/** The paths without the state of the file system. */
export type BuiltInPaths = Omit<DefaultPaths, "cafile" | "capath">;

/** Returns an environment variable if it may be read. It does not ask for the permission. */
export function environment(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** Returns the paths that OpenSSL was built with, and the names of the environment variables. */
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
 * Trusts the system's authorities. The paths that OpenSSL was built with are public and need no permission. A path from
 * the environment needs read access. As in Python, a missing file or directory is ignored.
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

/** Returns the paths and which of them exist. A path that may not be read counts as missing. */
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
