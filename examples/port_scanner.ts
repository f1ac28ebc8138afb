// Finds the open TCP ports of a host: a bounded number of connects at once, each with a timeout.
//
//   deno run --allow-net=127.0.0.1 examples/port_scanner.ts --host 127.0.0.1
//
// Scan only machines of your own.

import * as socket from "@berkeley/socket";
import { options, refuse } from "./_shared.ts";

const { host, first, last, timeout, together } = options("port_scanner: prints the open ports of a host", {
  host: "127.0.0.1",
  first: 1,
  last: 1024,
  timeout: 0.5,
  together: 100,
});

if (first > last) refuse(`no port is from ${first} to ${last}`);

function* range(): Generator<number> {
  for (let port = first; port <= last; port++) yield port;
}

const total = last - first + 1;
let done = 0;
const open: number[] = [];

// All workers take ports from one iterator, so no more connects are under way than there are workers.
const ports = range();
await Promise.all(Array.from({ length: together }, async () => {
  for (const port of ports) {
    if (await isOpen(port)) open.push(port);
    done++;
    progress();
  }
}));

open.sort((a, b) => a - b);
for (const port of open) console.log(String(port).padStart(5), await serviceOf(port));
console.log(`${open.length} of ${total} ports are open`);

async function isOpen(port: number): Promise<boolean> {
  using sk = socket.socket();
  sk.settimeout(timeout);
  return await sk.connect_ex([host, port]) === 0; // otherwise an errno: refused, timed out, unreachable
}

async function serviceOf(port: number): Promise<string> {
  try {
    return await socket.getservbyport(port);
  } catch {
    return "";
  }
}

/** Draws a bar on a terminal, and nothing in a file or a pipe. */
function progress(): void {
  if (!Deno.stderr.isTerminal()) return;
  const filled = Math.round(done / total * 40);
  const bar = "█".repeat(filled) + "░".repeat(40 - filled);
  const end = done === total ? "\r\x1b[K" : "";
  Deno.stderr.writeSync(new TextEncoder().encode(`\r${bar} ${done}/${total}, ${open.length} open${end}`));
}
