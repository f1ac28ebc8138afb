// Names for Unix sockets that somebody has to have and nobody has to know.

/**
 * A name in Linux's abstract namespace that nobody can guess: 122 random bits. It is no file, so it needs no
 * permission for files, and goes with its socket.
 */
export function secretName(purpose: string): string {
  return `\0berkeley-${purpose}-${crypto.randomUUID()}`;
}
