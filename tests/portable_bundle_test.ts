// A bundle of core/ with the backend in memory runs in Node 22 and in a browser, with the same output as in Deno.

import assert from "node:assert/strict";
import { available, TemporaryDirectory } from "./_helpers.ts";
import { run } from "./memory_backend/program.ts";

const PROGRAM = new URL("memory_backend/program.ts", import.meta.url).href;

const EXPECTED = [
  '[["127.0.0.1"],["127.0.0.1",7000],true]',
  "世界,你好",
  "0",
  "[1,1,0]",
  "[[true,1]]",
  "answer",
  "TimeoutError: timed out",
  "ConnectionRefusedError: [Errno 111] Connection refused",
  "gaierror: [Errno -2] Name or service not known",
  "datagram",
  '[[2,1,6,"",["127.0.0.1",80]],[10,1,6,"",["::1",80,0,0]]]',
  '[10,2,256,"memory"]',
  "turned: true",
];

/** The time limit of a program. */
const LONGEST_MS = 120_000;

/** Bundles a source for a browser. The syntax is not changed, since the engine might not have newer syntax. */
async function bundle(directory: TemporaryDirectory, source: string): Promise<string> {
  const [entry, output] = [`${directory.fresh()}.ts`, `${directory.fresh()}.mjs`];
  await Deno.writeTextFile(entry, source);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--no-lock", "--platform", "browser", "-o", output, entry],
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return output;
}

/** What a program prints. */
async function output(program: string, args: string[]): Promise<string> {
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  const deadline = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
  try {
    const { stdout, stderr, code } = await child.output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    clearTimeout(deadline);
  }
}

/** A headless browser, and flags that isolate it. */
const BROWSER = ["chromium", "google-chrome", "chromium-browser"].find((name) => available(name));
const BROWSER_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-extensions",
];

Deno.test("the portable program in Deno", async () => {
  assert.deepEqual(await run(), EXPECTED);
});

Deno.test({
  name: "the same in Node 22",
  ignore: !available("npx", "--yes", "node@22", "--version"),
  async fn() {
    using directory = new TemporaryDirectory();
    const path = await bundle(
      directory,
      `import { run } from ${JSON.stringify(PROGRAM)};\nfor (const line of await run()) console.log(line);\n`,
    );
    // It also ends by itself.
    assert.deepEqual((await output("npx", ["--yes", "node@22", path])).trim().split("\n"), EXPECTED);
  },
});

Deno.test({
  name: "the same in a browser",
  ignore: BROWSER === undefined,
  async fn() {
    using directory = new TemporaryDirectory();
    const path = await bundle(
      directory,
      `import { run } from ${JSON.stringify(PROGRAM)};
       const show = (text) => document.querySelector("pre").textContent = text;
       run().then((lines) => show(lines.join("\\n")), (error) => show(String(error.stack)));\n`,
    );
    const page = `${directory.fresh()}.html`;
    const script = (await Deno.readTextFile(path)).replaceAll("</script", "<\\/script");
    await Deno.writeTextFile(
      page,
      `<!doctype html><meta charset="utf-8"><pre>running</pre><script type="module">${script}</script>`,
    );
    const dom = await output(BROWSER!, [
      ...BROWSER_FLAGS,
      `--user-data-dir=${directory.fresh()}`,
      "--timeout=60000",
      "--virtual-time-budget=20000",
      "--dump-dom",
      `file://${page}`,
    ]);
    const shown = /<pre>([^]*?)<\/pre>/.exec(dom)?.[1].replaceAll("&amp;", "&").replaceAll("&lt;", "<");
    assert.deepEqual(shown?.split("\n"), EXPECTED);
  },
});
