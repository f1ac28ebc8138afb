// Files of certificates and keys. A path is read with Deno's permission; PEM text is used directly.

import { errorFor } from "../base/errors.ts";

/** Whether a text is PEM and not a path. */
function isPem(text: string): boolean {
  return text.includes("-----BEGIN ");
}

/** Returns the text of a PEM file, or PEM text unchanged. A missing file is Python's FileNotFoundError. */
export function pemOf(pathOrText: string, syscall: string): string {
  if (typeof pathOrText !== "string") throw new TypeError(`${syscall}: a path or PEM text should be a string`);
  if (isPem(pathOrText)) return pathOrText;
  try {
    return new TextDecoder("latin1").decode(Deno.readFileSync(pathOrText));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw errorFor("ENOENT", { syscall, cause: error });
    if (error instanceof Deno.errors.IsADirectory) throw errorFor("EISDIR", { syscall, cause: error });
    throw error;
  }
}
