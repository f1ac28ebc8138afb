// Writes docs/coverage.md: the names of CPython's modules, and which of them are here.
//
//   deno run --allow-all tests/coverage/table.ts [python3 …]
//
// adds the names of each given interpreter (python3 by default) to names.json, and writes the table again.

import * as standard from "../../mod.ts";
import * as native from "../../native.ts";
import { ELSEWHERE, LEFT_OUT, NUMBERS_ONLY } from "./reasons.ts";
import { statusOf } from "./status.ts";
import type { SelectorKey } from "../../mod.ts";
import type { Module, Status } from "./status.ts";

/** Public names by module and class: "socket", "socket.socket" … */
export type Names = Record<string, string[]>;

const NAMES = new URL("names.json", import.meta.url);
/** The path of the page. */
export const TABLE: URL = new URL("../../docs/coverage.md", import.meta.url);

/** Types. The import above proves that they exist. */
const TYPES = ["SelectorKey"];

const ON_NATIVE_ALONE: Record<string, string> = {
  send_fds: "libc passes descriptors; on the default backend the call fails with EOPNOTSUPP",
  get_inheritable: "a flag of descriptors; on the default backend the call fails with EOPNOTSUPP",
  set_inheritable: "a flag of descriptors; on the default backend the call fails with EOPNOTSUPP",
};

/** Returns the names that an interpreter has. */
export async function namesOf(python: string): Promise<Names> {
  const script = new URL("names.py", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(python, { args: [script] }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The names that the table lists. */
export async function listedNames(): Promise<Names> {
  return JSON.parse(await Deno.readTextFile(NAMES));
}

/** The names of both lists. */
export function union(one: Names, other: Names): Names {
  const places = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(places.map((place) => [
    place,
    [...new Set([...one[place] ?? [], ...other[place] ?? []])].sort(),
  ]));
}

/** The objects whose members are compared with those of Python's classes. */
async function instances(m: Module): Promise<Record<string, { object: object; standsFor?: string }>> {
  using sock = m.socket();
  using selector = new m.SelectSelector();
  const key: SelectorKey = selector.register(sock, m.EVENT_READ, null);
  const file = sock.makefile("rb", { buffering: 0 });
  await file.close();
  using epoll = m.epoll();
  return {
    "socket.socket": { object: sock, standsFor: "Socket" },
    "socket.SocketIO": { object: file, standsFor: "RawFile" },
    "socket.gaierror": { object: new m.gaierror(m.EAI_NONAME, "Name or service not known") },
    "select.epoll": { object: Object.assign(Object.create(m.epoll), bound(epoll)), standsFor: "Epoll" },
    "select.poll": { object: m.poll(), standsFor: "Poll" },
    "selectors.SelectorKey": { object: key },
    "selectors.BaseSelector": { object: m.BaseSelector.prototype },
    "selectors.SelectSelector": { object: m.SelectSelector.prototype },
    "selectors.PollSelector": { object: m.PollSelector.prototype },
    "selectors.EpollSelector": { object: m.EpollSelector.prototype },
    "selectors.DefaultSelector": { object: m.DefaultSelector.prototype },
  };
}

/** An object with all members of an instance, including the getters of its class. */
function bound(instance: object): object {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(instance));
  return Object.fromEntries(names.map((name) => [name, true]));
}

const heading = (place: string, standsFor?: string): string =>
  `### ${place}${standsFor === undefined ? "" : `, here \`${standsFor}\``}`;

const WORDS: Record<Status, string> = {
  both: "both backends",
  native: "native only",
  number: "a number only",
};

/** One row for each name. Throws for a missing name without a reason, and for a reason that is no longer needed. */
function rows(place: string, names: string[], has: (name: string) => boolean): string[] {
  return names.map((name) => {
    const reason = LEFT_OUT[`${place}.${name}`];
    if (has(name) === (reason !== undefined)) {
      throw new Error(
        reason === undefined ? `${place}.${name} is missing, and no reason is given` : `${place}.${name} is there`,
      );
    }
    const note = reason ?? ON_NATIVE_ALONE[name] ?? "";
    const where = reason !== undefined ? "left out" : name in ON_NATIVE_ALONE ? WORDS.native : WORDS.both;
    return `| \`${name}\` | ${where} | ${note} |`;
  });
}

const table = (lines: string[]): string => ["| name | where | note |", "| --- | --- | --- |", ...lines].join("\n");

/** The constants by prefix and by where they can be used. */
async function constants(names: string[]): Promise<string> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const value = (standard as unknown as Record<string, number>)[name];
    const status = await statusOf(standard, name, Number(value));
    const about = status === "number" ? `: ${NUMBERS_ONLY.find(([start]) => start.test(name))?.[1]}` : "";
    const start = /^(E?POLL|[A-Z]+[A-Z0-9]*_)/.exec(name)?.[0] ?? "others";
    const key = `- **${start.replace("_", "\\_")}** (${WORDS[status]}${about})`;
    groups.set(key, [...groups.get(key) ?? [], `\`${name}\``]);
  }
  return [...groups].sort(([a], [b]) => a < b ? -1 : 1).map(([key, list]) => `${key}: ${list.join(" ")}`).join("\n");
}

/** The whole page for the listed names. */
export async function page(names: Names): Promise<string> {
  const modules = [standard, native as unknown as Module] as unknown as Record<string, unknown>[];
  const members = await instances(standard);
  const parts: string[] = [];
  for (const place of ["socket", "select", "selectors"]) {
    const isConstant = (name: string) => typeof modules[0][name] === "number" || typeof modules[0][name] === "boolean";
    for (const name of names[place].filter(isConstant)) {
      if (modules[1][name] !== modules[0][name]) throw new Error(`${name} differs between the backends`);
    }
    parts.push(`## ${place}`);
    const others = names[place].filter((name) => !isConstant(name));
    parts.push(table(rows(place, others, (name) => TYPES.includes(name) || modules.every((module) => name in module))));
    for (
      const [path, { object, standsFor }] of Object.entries(members).filter(([path]) => path.startsWith(`${place}.`))
    ) {
      parts.push(heading(path, standsFor), table(rows(path, names[path], (name) => name in object)));
    }
    const numbers = names[place].filter(isConstant);
    if (numbers.length > 0) parts.push(`### Constants of ${place}`, await constants(numbers));
  }
  const elsewhere = ELSEWHERE.map(([names, system, reason]) => `| \`${names}\` | ${system} | ${reason} |`);
  const unused = Object.keys(LEFT_OUT).filter((path) => {
    const cut = path.lastIndexOf(".");
    return !names[path.slice(0, cut)]?.includes(path.slice(cut + 1));
  });
  if (unused.length > 0) throw new Error(`reasons for names that CPython does not have: ${unused}`);
  return `# Which names of CPython are here

\`deno run --allow-all tests/coverage/table.ts\` writes this page. A test fails when the page is out of date, when a name
disappears, and when \`python3\` has a name that is not listed. "A number only" means that the constant exists, and that
the calls do not use it: the program that writes this page asks the default backend. The names of \`select\` and \`selectors\` are in
\`mod.ts\` and \`select.ts\`.

${parts.join("\n\n")}

## Names of other systems

| names | system | left out because |
| --- | --- | --- |
${elsewhere.join("\n")}
`;
}

/** Updates the list and the page. */
async function update(pythons: string[]): Promise<void> {
  let names: Names = await listedNames().catch(() => ({}));
  for (const python of pythons) names = union(names, await namesOf(python));
  await Deno.writeTextFile(NAMES, JSON.stringify(names, null, 2) + "\n");
  await Deno.writeTextFile(TABLE, await page(names));
  const { code } = await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", TABLE.pathname, NAMES.pathname] })
    .output();
  if (code !== 0) throw new Error("deno fmt failed");
}

if (import.meta.main) await update(Deno.args.length > 0 ? Deno.args : ["python3"]);
