// core/, base/, seam/ and sim/ run anywhere: they use no global of Deno or Node, and no timers but the clock's.

import assert from "node:assert/strict";

const ROOT = new URL("../", import.meta.url);
const FOLDERS = ["base", "core", "seam", "sim"];
/** The files that find out the platform or what it has, and the files of the simulation that use real time. */
const EXEMPT = [
  "base/platform.ts",
  "sim/run/current_kernel.ts",
  "sim/run/globals.ts",
  "sim/run/world.ts",
  "sim/time/macrotask.ts",
  "sim/time/real.ts",
];

/** Globals that only some runtimes have, and globals that bypass the clock. */
const GLOBALS = new RegExp(
  "(?<![.\\w#$])(?:Deno|process|Buffer|global|require|performance|Date|Temporal|" +
    "(?:set|clear)(?:Timeout|Interval|Immediate)|requestAnimationFrame)(?=\\s*[.,;)\\]}(\\[])|" +
    "^\\s*(?:await )?using |AbortSignal\\.timeout|Math\\.random|crypto\\.|Promise\\.try",
);
/** Imports that are not allowed. */
const IMPORTS =
  /\b(?:from|import)\b[^"']*["'](?:node|npm|jsr|https?):|\b(?:from|import)\b[^"']*["'][^"']*\/(?:deno|native|sim|tls|play)\//;
/** Files that declare members with the names of the global timers. */
const CLOCKS = ["seam/clock.ts", "sim/time/host_clock.ts"];
const DECLARATION = /^\s*(?:set|clear)Timeout\(\w+: /;

async function* sources(folder: string): AsyncGenerator<[path: string, text: string]> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts")) yield [path, await Deno.readTextFile(new URL(path, ROOT))];
  }
}

/** The lines of a source without comments, each with its number. */
function* code(text: string): Generator<[line: number, code: string]> {
  const bare = text.replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "));
  for (const [at, line] of bare.split("\n").entries()) yield [at + 1, line.replace(/(^|\s)\/\/.*$/, "")];
}

function findings(path: string, text: string): string[] {
  const found = [];
  for (const [line, source] of code(text)) {
    const bare = source.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    const names = GLOBALS.test(bare) && !(CLOCKS.includes(path) && DECLARATION.test(bare));
    if (names || IMPORTS.test(source)) found.push(`${path}:${line}: ${source.trim()}`);
  }
  return found;
}

Deno.test("core/, base/, seam/ and sim/ use no global and no module of Deno or Node", async () => {
  const found: string[] = [];
  let count = 0;
  for (const folder of FOLDERS) {
    for await (const [path, text] of sources(folder)) {
      count++;
      if (!EXEMPT.includes(path)) found.push(...findings(path, text));
    }
  }
  assert.deepEqual(found, []);
  assert.ok(count > 50, `${count} files were read`);
});

Deno.test("the rule finds each use that it forbids", () => {
  for (
    const line of [
      "const os = Deno.build.os;",
      "setTimeout(() => {}, 5);",
      "  const now = performance.now();",
      'import { lookup } from "node:dns";',
      'const dns = await import("node:dns");',
      "Buffer.from(data)",
      "if (process.platform)",
      'import { x } from "../deno/backend.ts";',
      "return Promise.try(f);",
      "const { build } = Deno;",
      "  using socket = open();",
    ]
  ) assert.equal(findings("a", line).length, 1, line);
  for (
    const line of [
      "// Deno.build.os",
      "this.#clock.setTimeout(resolve, 5);",
      "/** as `performance.now()` */",
      '[Symbol.for("Deno.customInspect")](): string {',
      'import type { Clock } from "../seam/clock.ts";',
      'throw errorFor("ESRCH", { hint: "no such process" });',
    ]
  ) assert.deepEqual(findings("a", line), [], line);
});
