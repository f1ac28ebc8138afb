// What a start costs: the CPU time of a program that opens a listener and closes it, over an empty program.
//
// deno run -A bench/startup.ts [--rounds 15] [--compare REV]
//
// The same code in other forms shows what modules, comments and TypeScript cost. All forms run in every round, in a
// changing order. With --compare the entries of another commit run, too. Deno's caches are warm.

import { parseArgs } from "node:util";
import { checkOut } from "./compare.ts";
import { figure, summarize } from "./statistics.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const EMPTY = "empty program";
/** RUSAGE_CHILDREN of getrusage(2). */
const CHILDREN = -1;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" }, compare: { type: "string" } } });
const libc = Deno.dlopen(Deno.build.os === "darwin" ? "libc.dylib" : "libc.so.6", {
  getrusage: { parameters: ["i32", "buffer"], result: "i32" },
});

/** The CPU time of all children that have ended, in ms. */
function cpuTime(): number {
  const usage = new BigInt64Array(18);
  libc.symbols.getrusage(CHILDREN, usage);
  const [seconds, micros, systemSeconds, systemMicros] = usage;
  return Number(seconds + systemSeconds) * 1000 + Number(micros + systemMicros) / 1000;
}

async function deno(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  if (!success) throw new Error(`deno ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** The CPU time of one run in ms. */
async function run(program: string): Promise<number> {
  const before = cpuTime();
  await deno("run", "--allow-all", "--no-config", program);
  return cpuTime() - before;
}

const folder = await Deno.makeTempDir({ prefix: "startup-" });

/** Writes a program, and returns its path. */
async function write(name: string, text: string): Promise<string> {
  await Deno.writeTextFile(`${folder}/${name}`, text);
  return `${folder}/${name}`;
}

const opening = (entry: string) =>
  `import { create_server } from ${JSON.stringify(entry)};\ncreate_server(["127.0.0.1", 0]).close();\n`;

async function bundle(program: string): Promise<string> {
  await deno("bundle", "--quiet", "--output", `${program}.js`, program);
  return `${program}.js`;
}

/** The paths of the modules of an entry, from the root of this tree. */
async function modulesOf(entry: string): Promise<string[]> {
  const { modules } = JSON.parse(await deno("info", "--json", entry)) as { modules: { local?: string }[] };
  return modules.map(({ local }) => local).filter((path) => path?.startsWith(ROOT)).map((path) =>
    path!.slice(ROOT.length)
  );
}

/** Compiles modules without source maps. Their imports name the compiled files. */
async function toJavaScript(modules: string[], target: string): Promise<void> {
  await deno("transpile", "--source-map", "none", "--outdir", target, ...modules);
  for (const module of modules) {
    const path = `${target}/${module.replace(/ts$/, "js")}`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace(/(["']\.{1,2}\/[\w/.]+)\.ts(["'])/g, "$1.js$2"));
  }
}

/** The forms of one entry: as it is, as JavaScript, as one file. */
async function formsOf(entry: string): Promise<Record<string, string>> {
  const name = entry.replace(".ts", "");
  const modules = await modulesOf(entry);
  const program = await write(`${name}_program.ts`, opening(ROOT + entry));
  const bundled = await bundle(program);
  await toJavaScript(modules, `${folder}/${name}_js`);
  const empty = modules.map((_, i) => write(`${name}_empty${i}.ts`, `export const value: number = ${i};\n`));
  const imports = (await Promise.all(empty)).map((path) => `import ${JSON.stringify(path)};\n`);
  return {
    [`${entry}, modules of TypeScript`]: program,
    [`${entry}, modules of JavaScript`]: await write(`${name}_js.js`, opening(`./${name}_js/${name}.js`)),
    [`${entry}, as many empty modules`]: await write(`${name}_empty.ts`, imports.join("")),
    [`${entry}, one file of TypeScript`]: await write(
      `${name}_one.ts`,
      `// @ts-nocheck\n${await Deno.readTextFile(bundled)}`,
    ),
    [`${entry}, one file of JavaScript`]: bundled,
  };
}

const forms: Record<string, string> = { [EMPTY]: await write("nothing.ts", "") };
for (const entry of ["mod.ts", "native.ts"]) Object.assign(forms, await formsOf(entry));
forms["socket.ts alone"] = await write("socket_program.ts", opening(`${ROOT}socket.ts`));
await using other = values.compare === undefined ? undefined : await checkOut(values.compare);
if (other !== undefined) {
  for (const entry of ["mod", "native"]) {
    const program = await write(`other_${entry}.ts`, opening(`${other.path}/${entry}.ts`));
    forms[`${entry}.ts of ${values.compare}`] = program;
    forms[`${entry}.ts of ${values.compare}, one file of JavaScript`] = await bundle(program);
  }
}

const times: Record<string, number[]> = Object.fromEntries(Object.keys(forms).map((form) => [form, []]));
// Two runs fill Deno's caches: the compiled modules, and V8's code.
for (let i = 0; i < 2; i++) for (const program of Object.values(forms)) await run(program);
const names = Object.keys(forms);
for (let round = 0; round < Number(values.rounds); round++) {
  for (let i = 0; i < names.length; i++) {
    const name = names[(i + round) % names.length];
    times[name].push(await run(forms[name]));
  }
}

const { median: nothing } = summarize(times[EMPTY]);
console.log(`ms of CPU time over an empty program (${figure(nothing)}), ${values.rounds} rounds: median, least, most`);
for (const name of names.slice(1)) {
  const { median, min, max } = summarize(times[name].map((time) => time - nothing));
  console.log(`  ${name.padEnd(48)}${[median, min, max].map((time) => time.toFixed(1).padStart(8)).join("")}`);
}
await Deno.remove(folder, { recursive: true });
libc.close();
