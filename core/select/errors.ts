// The one exception of Python's that select.ts needs and the socket module has not.

/**
 * Something that is not registered, as Python's KeyError.
 *
 * @example
 * ```ts
 * import { KeyError, poll } from "@berkeley/socket/select";
 *
 * try {
 *   poll().unregister(5);
 * } catch (error) {
 *   console.assert(error instanceof KeyError && error.key === 5);
 * }
 * ```
 */
export class KeyError extends Error {
  /** The class's name. */
  override name = "KeyError";
  /** What was looked for. */
  readonly key: unknown;

  /** Takes the key that was looked for, and the message where the key alone says too little. */
  constructor(key: unknown, message: string = String(key)) {
    super(message);
    this.key = key;
  }
}
