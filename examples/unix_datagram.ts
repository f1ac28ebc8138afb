// A log like syslog: programs send their messages to a path, one datagram for each message.
//
//   deno run --unstable-net --allow-net=unix:/tmp/log.sock --allow-read=/tmp/log.sock --allow-write=/tmp/log.sock \
//     examples/unix_datagram.ts collect
//   deno run --unstable-net --allow-net --allow-write=/tmp/log.sock examples/unix_datagram.ts send hello
//
// The second command also works with a real syslog, whose path is /dev/log. The sender has no path of its own. Deno
// gives it a name in Linux's abstract namespace, which needs --allow-net without a list.

import { AF_UNIX, socket } from "@berkeley/socket/udp";
import { options, refuse } from "./_shared.ts";

const SEVERITIES = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
const USER = 1; // the facility of ordinary programs

const { path, tag, severity, rest: [role, text] } = options(
  "unix_datagram collect | unix_datagram send message: a log over Unix datagrams",
  { path: "/tmp/log.sock", tag: "example", severity: "info" },
);

if (role === "collect") await collect();
else if (role === "send" && text !== undefined) await send(text);
else refuse("say collect, or send and a message");

async function collect(): Promise<void> {
  using sk = socket(AF_UNIX);
  forget(path);
  sk.bind(path);
  console.log("collecting at", sk.getsockname());
  for await (const [data] of sk) {
    const message = new TextDecoder().decode(data);
    const [, priority, body] = /^<(\d+)>(.*)$/s.exec(message) ?? [, 8 * USER + 6, message];
    console.log(SEVERITIES[Number(priority) % 8].padEnd(8), body);
  }
}

/** Removes the path of a collector that has ended: bind refuses a path that exists. */
function forget(path: string): void {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function send(text: string): Promise<void> {
  const level = SEVERITIES.indexOf(severity);
  if (level < 0) refuse(`--severity takes one of ${SEVERITIES.join(" ")}`);
  using sk = socket(AF_UNIX);
  await sk.sendto(`<${8 * USER + level}>${tag}: ${text}`, path);
}
