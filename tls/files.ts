// Files of certificates and keys: a path, which is read with Deno's permission, or the PEM text itself.

import { errorFor } from "../base/errors.ts";

/** Whether a text is PEM, and no path. */
function isPem(text: string): boolean {
  return text.includes("-----BEGIN ");
}

/** The PEM text of a file, or the text that was given in its place. A file that is not there is Python's FileNotFoundError. */
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
