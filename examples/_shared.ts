// What the examples share: options of the command line, lines from the terminal, capitals.

import { parseArgs } from "node:util";

/** Options that may have a fraction (times in seconds). The others are whole numbers. */
const FRACTIONS = ["seconds", "timeout", "patience", "interval", "every", "minutes", "idle"];
/** The bounds of options. The others may be any number from 0. */
const BOUNDS: Record<string, [least: number, most: number]> = {
  port: [0, 65535],
  first: [0, 65535],
  last: [0, 65535],
  ttl: [0, 255],
  hops: [1, 255],
  connections: [1, 65535],
  together: [1, 65535],
  workers: [1, 64],
  tries: [1, 32],
  size: [1, 2 ** 30],
};

// A common mistake: another server has the port. One line is easier to read than a stack.
addEventListener("unhandledrejection", (event) => {
  const { code, address } = event.reason ?? {};
  if (code !== "EADDRINUSE") return;
  event.preventDefault();
  console.error(`${typeof address === "string" ? address : `port ${address[1]}`} is taken`);
  Deno.exit(1);
});

/**
 * Reads options from the command line: every default gives an option its name and its kind (text, number or switch).
 * `--help` prints `about` and the options. What is left over comes as `rest`.
 */
export function options<T extends Record<string, string | number | boolean>>(
  about: string,
  defaults: T,
): { [K in keyof T]: T[K] extends string ? string : T[K] extends number ? number : boolean } & { rest: string[] } {
  const kinds = Object.fromEntries(
    Object.entries(defaults).map((
      [name, value],
    ) => [name, { type: typeof value === "boolean" ? "boolean" as const : "string" as const }]),
  );
  let values: Record<string, unknown>, rest: string[];
  try {
    const config = { args: Deno.args, options: { ...kinds, help: { type: "boolean", short: "h" } as const } };
    ({ values, positionals: rest } = parseArgs({ ...config, allowPositionals: true }));
  } catch (error) {
    refuse((error as Error).message);
  }
  if (values.help) {
    console.log(about.trim() + "\n");
    for (const [name, value] of Object.entries(defaults)) {
      console.log(typeof value === "boolean" ? `  --${name}` : `  --${name} ${value}`);
    }
    Deno.exit(0);
  }
  for (const [name, value] of Object.entries(defaults)) {
    if (typeof value === "number" && values[name] !== undefined) values[name] = numberOf(name, values[name] as string);
  }
  return { ...defaults, ...values, rest } as ReturnType<typeof options<T>>;
}

function numberOf(name: string, text: string): number {
  const [least, most] = BOUNDS[name] ?? [0, Number.MAX_SAFE_INTEGER];
  const number = Number(text);
  const whole = !FRACTIONS.includes(name);
  const fits = text.trim() !== "" && number >= least && number <= most && (!whole || Number.isInteger(number));
  if (!fits) {
    const range = most < Number.MAX_SAFE_INTEGER ? `${least} to ${most}` : `from ${least}`;
    refuse(`--${name} takes a ${whole ? "whole number" : "number"}, ${range}, not '${text}'`);
  }
  return number;
}

/** A port from the command line. `what` names the argument in the error. */
export function portOf(text: string, what: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) refuse(`${what} takes a port, 0 to 65535, not '${text}'`);
  return port;
}

/** Ends the program because of a wrong command line. */
export function refuse(reason: string): never {
  console.error(`${reason} (--help lists the options)`);
  Deno.exit(2);
}

/** The lines from the terminal (or a pipe), each after a prompt. Waiting for a line does not block the program. */
export async function* input(prompt: string): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024);
  let text = "";
  for (let open = true; open;) {
    await Deno.stdout.write(new TextEncoder().encode(prompt));
    while (open && !text.includes("\n")) {
      const count = await Deno.stdin.read(buffer);
      text += decoder.decode(buffer.subarray(0, count ?? 0), { stream: count !== null });
      open = count !== null;
    }
    const end = text.indexOf("\n");
    const line = end < 0 ? text : text.slice(0, end);
    text = end < 0 ? "" : text.slice(end + 1);
    if (open || line !== "") yield line.trim();
  }
}

/** As Python's bytes.upper(): ASCII letters only, so that text may be cut in the middle of a character. */
export function upper(data: Uint8Array): Uint8Array {
  return data.map((byte) => byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte);
}
