// The engine of each context, which its public class does not show.

import type { ContextEngine } from "./context_engine.ts";

const engines = new WeakMap<object, ContextEngine>();

/** Gives a context its engine. */
export function setEngine(context: object, engine: ContextEngine): void {
  engines.set(context, engine);
}

/** The engine of a context. */
export function engineOf(context: object): ContextEngine {
  const engine = engines.get(context);
  if (engine === undefined) throw new TypeError("a context should be an SSLContext");
  return engine;
}
