// Files of certificates and keys. A path is read with Deno's permission; PEM text is used directly.

import { isErrnoName } from "../base/errno.ts";
import { errorFor } from "../base/errors.ts";

/** Returns whether a text is PEM and not a path. */
function isPem(text: string): boolean {
  return text.includes("-----BEGIN ");
}

/**
 * Returns whether a text is a key rather than a path: it has lines, or it is DER in base64. Errors of files show their paths,
 * and no error may show a key.
 */
function looksLikeKey(text: string): boolean {
  return /[\r\n]|^M[A-Za-z0-9+/=]{40,}$/.test(text);
}

/**
 * Returns the text of a PEM file, or PEM text unchanged. A missing file is Python's FileNotFoundError. As in Python, the
 * errors do not show the path. The error of a missing permission does.
 */
export function pemOf(pathOrText: string, syscall: string): string {
  if (typeof pathOrText !== "string") throw new TypeError(`${syscall}: a path or PEM text should be a string`);
  if (isPem(pathOrText)) return pathOrText;
  if (looksLikeKey(pathOrText)) throw errorFor("ENOENT", { syscall, hint: "the text is neither PEM nor a path" });
  try {
    return new TextDecoder("latin1").decode(Deno.readFileSync(pathOrText));
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== undefined && isErrnoName(code)) throw errorFor(code, { syscall });
    throw error;
  }
}
