// The same run on every JavaScript runtime, without permissions, from a bundle that uses no API of a runtime.

import assert from "node:assert/strict";
import { available, TemporaryDirectory } from "./_helpers.ts";
import { portable } from "./sim/portable.ts";

const SEEDS = [1, 2, 3];

const BODY = `
const results = [];
for (const seed of [${SEEDS}]) results.push(await portable(seed));
`;

/** Returns the result in this process, which the other runtimes must repeat. */
async function expected(): Promise<string[]> {
  return await Promise.all(SEEDS.map(portable));
}

/** Bundles the run with some lines for a runtime. */
async function bundle(directory: TemporaryDirectory, tail: string): Promise<string> {
  const entry = `${directory.fresh()}.ts`;
  const output = `${directory.fresh()}.mjs`;
  const from = JSON.stringify(import.meta.resolve("./sim/portable.ts"));
  await Deno.writeTextFile(entry, `import { portable } from ${from};\n${BODY}\n${tail}\n`);
  const made = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=browser", "-o", output, entry],
    cwd: new URL("..", import.meta.url),
  }).output();
  assert.ok(made.success, new TextDecoder().decode(made.stderr));
  return output;
}

async function run(program: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stderr: "piped" }).output();
  assert.ok(success, new TextDecoder().decode(stderr).slice(-2000));
  return new TextDecoder().decode(stdout);
}

const PRINT = `console.log(JSON.stringify(results));`;

Deno.test("sim: the bundle names no global of Deno or Node", async () => {
  using directory = new TemporaryDirectory();
  const text = await Deno.readTextFile(await bundle(directory, PRINT));
  // Comments and texts may contain the names. A use is a name followed by a dot or a call.
  const bare = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const code = bare.replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
  const uses = code.match(/\b(?:Deno|process|Buffer|require|__dirname|global)\s*[.(][^\n]{0,60}/g) ?? [];
  assert.deepEqual(uses, []);
  assert.deepEqual(bare.match(/from "node:[^"]*"|import\("[^"]*"\)/g) ?? [], []);
});

Deno.test("sim: Deno without any permission has the same fingerprint", async () => {
  using directory = new TemporaryDirectory();
  const file = await bundle(directory, PRINT);
  const answer = await run(Deno.execPath(), ["run", "--no-prompt", "--no-config", file]);
  assert.deepEqual(JSON.parse(answer), await expected());
});

const node22 = ["-y", "node@22"];

Deno.test({
  name: "sim: Node 22 has the same fingerprint",
  ignore: !available("npx", ...node22, "--version"),
  async fn() {
    using directory = new TemporaryDirectory();
    const file = await bundle(directory, PRINT);
    assert.match(await run("npx", [...node22, "--version"]), /^v22\./);
    assert.deepEqual(JSON.parse(await run("npx", [...node22, file])), await expected());
  },
});

Deno.test({
  name: "sim: headless Chromium has the same fingerprint",
  ignore: !available("chromium"),
  async fn() {
    using directory = new TemporaryDirectory();
    const file = await bundle(
      directory,
      `document.title = "done"; document.body.textContent = JSON.stringify(results);`,
    );
    const page = `${directory.fresh()}.html`;
    // The script is inside the page. A script in another file would have another origin.
    const script = (await Deno.readTextFile(file)).replaceAll("</script", "<\\/script");
    await Deno.writeTextFile(
      page,
      `<!doctype html><meta charset=utf-8><body>pending</body><script type=module>${script}</script>`,
    );
    const shown = await run("chromium", [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      `--user-data-dir=${directory.fresh()}`,
      "--virtual-time-budget=600000",
      "--dump-dom",
      `file://${page}`,
    ]);
    const [, text] = /<body>([^<]*)/.exec(shown) ?? [];
    assert.deepEqual(JSON.parse(text), await expected());
  },
});

Deno.test("sim: its tests pass under deno test with no permission at all", async () => {
  const files = ["time", "tcp", "udp", "simulate", "waits"].map((name) => `sim_${name}_test.ts`);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-prompt", "--no-check", "--sanitize-ops", "--sanitize-resources", ...files],
    cwd: import.meta.dirname,
    env: { NO_COLOR: "1" },
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, output.slice(-3000));
  const [, passed] = /(\d+) passed \| 0 failed/.exec(output) ?? [];
  assert.ok(Number(passed) > 60, output.slice(-300));
});
