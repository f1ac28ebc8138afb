// What a program pays before its first call: work that nothing needs yet.

import assert from "node:assert/strict";
import * as socket from "../mod.ts";
import * as native from "../native.ts";

/** Deno loads the modules behind these at their first use, which takes some 6 ms. */
const LOADED_AT_FIRST_USE = ["setTimeout", "clearTimeout", "setImmediate"] as const;

/** Runs a function, and tells which of those globals it has looked at. */
function globalsUsedBy(work: () => void): string[] {
  const used: string[] = [];
  const usual = LOADED_AT_FIRST_USE.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)!] as const);
  for (const [name, descriptor] of usual) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get() {
        used.push(name);
        return descriptor.get ? descriptor.get.call(globalThis) : descriptor.value;
      },
    });
  }
  try {
    work();
  } finally {
    for (const [name, descriptor] of usual) Object.defineProperty(globalThis, name, descriptor);
  }
  return used;
}

for (const [backend, { create_server }] of Object.entries({ default: socket, native })) {
  Deno.test(`a listener is opened and closed without a timer: ${backend}`, () => {
    assert.deepEqual(globalsUsedBy(() => create_server(["127.0.0.1", 0]).close()), []);
  });
}

Deno.test("the use of a timer is seen", () => {
  assert.deepEqual(globalsUsedBy(() => clearTimeout(undefined)), ["clearTimeout"]);
});
