// Makes a program's text a module with its host's socket module, and stops it at its start until the simulation begins.

import type { Program } from "../protocol.ts";
import type { SocketModule } from "./network.ts";

/** The names that a program has without an import. Each has its own `console`, so that its lines can be told apart. */
export interface Helpers {
  console: unknown;
  input: unknown;
  sleep: unknown;
}

/** The functions that are put around a program's awaits. */
interface Probes {
  at: unknown;
  each: unknown;
}

/** A program that is loaded and waits at its start. */
export interface Loaded {
  host: string;
  /** Starts it. The promise settles when the program ends. */
  start(): Promise<void>;
}

const MODULES = /^(jsr:)?@berkeley\/socket(@[^/]*)?(\/(socket|select|udp|native))?$/;
const HELPERS = ["console", "input", "sleep"] as const;
const SHELF = "playModules";

/** Modules and functions that the text of blobs uses, by key. */
const shelf = new Map<string, unknown>();
(globalThis as any)[SHELF] = shelf;

/** The addresses of the programs, as stacks name them. */
const hosts = new Map<string, string>();

function blob(text: string): string {
  return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}

/** A module that exports an object's members. */
function moduleOf(key: string, members: Record<string, unknown>): string {
  shelf.set(key, members);
  const names = Object.keys(members).filter((name) => /^[A-Za-z_]\w*$/.test(name) && name !== "default");
  return blob(`export const { ${names.join(", ")} } = ${SHELF}.get(${JSON.stringify(key)});`);
}

/** The host and line of the first place of a stack that is in a program. */
export function placeOf(error: unknown): { host: string; line: number } | undefined {
  const stack = (error as Error | null)?.stack;
  if (typeof stack !== "string") return undefined;
  for (const [, address, line] of stack.matchAll(/(blob:[^\s()]+?):(\d+):\d+/g)) {
    const host = hosts.get(address);
    if (host !== undefined) return { host, line: Number(line) };
  }
  return undefined;
}

function spliced({ code, edits }: Program, socket: string): string {
  let text = "";
  let place = 0;
  for (const { from, to, by } of edits) {
    text += code.slice(place, from);
    place = to;
    if (typeof by === "string") text += by;
    else if (MODULES.test(by.specifier)) text += JSON.stringify(socket);
    else throw new SyntaxError(`only "@berkeley/socket" can be imported here, not "${by.specifier}"`);
  }
  return text + code.slice(place);
}

/** Loads a program up to its first statement. Rejects if its text is not a module. */
export async function load(program: Program, socket: SocketModule, helpers: Helpers, probes: Probes): Promise<Loaded> {
  const { host, declared } = program;
  let open = () => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  let arrived = () => {};
  const waits = new Promise<void>((resolve) => arrived = resolve);
  shelf.set(`gate ${host}`, { arrived, opened });
  const text = spliced(program, moduleOf(`socket ${host}`, socket));
  const own = HELPERS.filter((name) => !declared.includes(name));
  // On the first line, so that the program's lines keep their numbers.
  const head = `import { ${own.join(", ")} } from ${JSON.stringify(moduleOf(`helpers ${host}`, { ...helpers }))};` +
    `import { at as $at, each as $each } from ${JSON.stringify(moduleOf(`probes ${host}`, { ...probes }))};` +
    `import ${
      JSON.stringify(blob(`const { arrived, opened } = ${SHELF}.get("gate ${host}"); arrived(); await opened;`))
    };`;
  const address = blob(head + text);
  hosts.set(address, host);
  const ended: Promise<void> = import(address).then(() => {});
  ended.catch(() => {});
  // The program waits here when its text is parsed and linked. A syntax error comes before.
  await Promise.race([waits, ended]);
  return {
    host,
    start() {
      open();
      return ended;
    },
  };
}
