// Files for the reader: the programs as `deno run` takes them, and the trace as Wireshark takes it.

import { analyse } from "./analyse.ts";
import { h } from "./dom.ts";
import { zip } from "./zip.ts";

/** The hosts of a lesson: those that run programs, and those that never answer. */
export interface Hosts {
  running: string[];
  silent: string[];
}

/** An address that is reserved for documentation (RFC 5737). Nothing answers there. */
const NO_ANSWER = "192.0.2.1";

const HELPERS: Record<string, string> = {
  input: `/** Reads a line from the terminal. */
async function input(prompt = "") {
  const bytes = new Uint8Array(1);
  const line = [];
  await Deno.stdout.write(new TextEncoder().encode(prompt));
  while (await Deno.stdin.read(bytes) !== null && bytes[0] !== 10) line.push(bytes[0]);
  return new TextDecoder().decode(Uint8Array.from(line)).trimEnd();
}
`,
  sleep: `/** Waits so many seconds. */
function sleep(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
`,
};

/** A program as a file for one machine. Host names become addresses, and the page's helpers are included. */
export function runnable(code: string, { running, silent }: Hosts): string {
  let text = code.replace(/\[\s*(["'])([\w-]+)\1\s*,/g, (whole, _quote, host) => {
    if (running.includes(host)) return `["127.0.0.1",`;
    return silent.includes(host) ? `["${NO_ANSWER}",` : whole;
  });
  if (!text.endsWith("\n")) text += "\n";
  const { declared } = analyse(code);
  for (const [name, definition] of Object.entries(HELPERS)) {
    if (new RegExp(`\\b${name}\\s*\\(`).test(code) && !declared.includes(name)) text += `\n${definition}`;
  }
  return text;
}

/** The configuration file beside the programs. With it they find the module and may use datagrams. */
const CONFIG = {
  imports: { "@berkeley/socket": "jsr:@berkeley/socket@^0.1" },
  unstable: ["net"],
};

export function programsAsZip(programs: { host: string; code: string }[], hosts: Hosts): Uint8Array<ArrayBuffer> {
  const files: Record<string, string> = {};
  for (const { host, code } of programs) {
    files[`${host}.js`] = `// deno run --allow-net ${host}.js\n\n${runnable(code, hosts)}`;
  }
  files["deno.json"] = `${JSON.stringify(CONFIG, null, 2)}\n`;
  return zip(files);
}

/** Makes the browser save bytes as a file. */
export function save(name: string, bytes: Uint8Array, type: string): void {
  const address = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }));
  const link = h("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
