// Records the lines at which a program waits, and since when. The page rewrites `await x` to `await at(line, x)` and
// `for await (… of x)` to `for await (… of each(line, x))`. See page/analyse.ts.

import type { Wait } from "../protocol.ts";

/** The lines of errors whose stack has none: an error that is made when a packet arrives is not made in the program. */
const lines = new WeakMap<object, { host: string; line: number }>();

/** The innermost `await` that an error came from. */
export function lineOf(error: unknown): { host: string; line: number } | undefined {
  return typeof error === "object" && error !== null ? lines.get(error) : undefined;
}

/** The waits of all programs of a run. */
export class Waits {
  readonly #now: () => number;
  readonly #open = new Set<Wait>();
  #over: Wait[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The functions for the operands of one program's awaits. */
  of(host: string): { at(line: number, value: unknown): unknown; each(line: number, source: unknown): unknown } {
    const at = (line: number, value: unknown) => {
      if (typeof (value as PromiseLike<unknown> | null)?.then !== "function") return value;
      const wait: Wait = { host, line, from: this.#now(), to: Infinity };
      this.#open.add(wait);
      return (value as PromiseLike<unknown>).then((result) => {
        this.#end(wait);
        return result;
      }, (error) => {
        this.#end(wait);
        if (typeof error === "object" && error !== null && !lines.has(error)) lines.set(error, { host, line });
        throw error;
      });
    };
    const each = (line: number, source: any) => {
      const start = source[Symbol.asyncIterator] ?? source[Symbol.iterator];
      if (start === undefined) return source; // `for await` itself throws the right TypeError.
      return {
        [Symbol.asyncIterator]() {
          const items = start.call(source);
          return {
            next: () => at(line, Promise.resolve(items.next())),
            return: (value?: unknown) => items.return?.(value) ?? Promise.resolve({ done: true, value }),
          };
        },
      };
    };
    return { at, each };
  }

  #end(wait: Wait): void {
    this.#open.delete(wait);
    wait.to = this.#now();
    if (wait.to > wait.from) this.#over.push(wait);
  }

  /** The waits that ended since the last call. */
  take(): Wait[] {
    const over = this.#over;
    this.#over = [];
    return over;
  }

  /** The waits that have not ended. */
  open(): Wait[] {
    return [...this.#open];
  }
}
