// The cost of a program's start: it must not include work that is needed only later.

import assert from "node:assert/strict";
import * as socket from "../mod.ts";
import * as native from "../native.ts";

/** Deno loads the modules behind these globals at their first use, which takes about 6 ms. */
const LOADED_AT_FIRST_USE = ["setTimeout", "clearTimeout", "setImmediate"] as const;

/** Runs a function. Returns which of those globals it has read. */
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

Deno.test("the check finds the use of a timer", () => {
  assert.deepEqual(globalsUsedBy(() => clearTimeout(undefined)), ["clearTimeout"]);
});

/** A module in the output of `deno info --json`. */
interface Module {
  specifier: string;
  dependencies?: { isDynamic?: boolean; code?: { specifier: string } }[];
}

/** The modules that `deno run` of an entry loads. Type-only and dynamic imports are excluded. */
async function modulesOf(entry: string): Promise<string[]> {
  const root = new URL(`../${entry}`, import.meta.url).href;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", root] }).output();
  const { modules }: { modules: Module[] } = JSON.parse(new TextDecoder().decode(stdout));
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set<string>();
  const left = [root];
  while (left.length > 0) {
    const specifier = left.pop()!;
    if (loaded.has(specifier)) continue;
    loaded.add(specifier);
    for (const { isDynamic, code } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (!isDynamic && code !== undefined) left.push(code.specifier);
    }
  }
  return [...loaded].map((specifier) => specifier.replace(new URL("../", import.meta.url).href, ""));
}

// Each module costs 0.1 to 0.15 ms of CPU time, even a small one.
for (const [entry, most] of [["mod.ts", 68], ["native.ts", 68]] as const) {
  Deno.test(`${entry} loads at most ${most} modules`, async () => {
    const loaded = await modulesOf(entry);
    assert.ok(loaded.includes("core/socket.ts"));
    assert.ok(loaded.length <= most, `${loaded.length} modules:\n${loaded.sort().join("\n")}`);
    assert.deepEqual(loaded.filter((path) => path.startsWith("node:") || path.includes("lookups")), []);
  });
}

// Deno compiles a stub for each function, which takes 0.15 ms of CPU time.
Deno.test({
  name: "a native listener opens no function of libc that it does not call",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const program = `
      const opened = [];
      const { dlopen } = Deno;
      Deno.dlopen = (path, symbols) => (opened.push(...Object.keys(symbols)), dlopen(path, symbols));
      const { create_server } = await import(${JSON.stringify(new URL("../native.ts", import.meta.url).href)});
      create_server(["127.0.0.1", 0]).close();
      console.log(JSON.stringify(opened));`;
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", "--no-lock", program] }).output();
    const opened: string[] = JSON.parse(new TextDecoder().decode(stdout));
    assert.ok(opened.includes("bind"));
    assert.deepEqual(opened.filter((name) => /epoll|recv|send|addrinfo|waiting/.test(name)), []);
  },
});
