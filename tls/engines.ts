// The engines of contexts. The public class does not expose them.

import type { ContextEngine } from "./context_engine.ts";

const engines = new WeakMap<object, ContextEngine>();

/** Sets the engine of a context. */
export function setEngine(context: object, engine: ContextEngine): void {
  engines.set(context, engine);
}

/** Returns the engine of a context. */
export function engineOf(context: object): ContextEngine {
  const engine = engines.get(context);
  if (engine === undefined) throw new TypeError("a context should be an SSLContext");
  return engine;
}
