// STARTTLS, as mail programs use it: a dialogue begins without TLS and continues with TLS. Prints what the server offers
// before and after.
//
//   deno run --allow-net=127.0.0.1:2525 examples/starttls_client.ts --port 2525 127.0.0.1
//
// With --ca file.pem (and --allow-read=file.pem) it also trusts the authorities in that file. --name is the name in the
// server's certificate, if that is not the host.

import * as socket from "@berkeley/socket";
import * as ssl from "@berkeley/socket/ssl";
import { options } from "./_shared.ts";

const about = "starttls_client [host]: asks a mail server what it offers, without TLS and with it";
const { port, timeout, ca, name, rest: [host = "127.0.0.1"] } = options(about, {
  port: 25,
  timeout: 10,
  ca: "",
  name: "",
});
const context = ssl.create_default_context();
if (ca !== "") context.load_verify_locations(ca);

/** Reads one answer: lines of "250-…" and a last one of "250 …". */
async function answer(sock: socket.Socket): Promise<string[]> {
  const lines: string[] = [];
  let text = "";
  for (;;) {
    // One byte at a time, so that nothing after the answer is read: the bytes after "220" belong to TLS.
    const byte = await sock.recv(1);
    if (byte.length === 0) throw new Error(`the server ended the dialogue: ${text}`);
    text += String.fromCharCode(byte[0]);
    if (!text.endsWith("\r\n")) continue;
    lines.push(text.trimEnd());
    if (text[3] !== "-") return lines;
    text = "";
  }
}

async function ask(sock: socket.Socket, command: string): Promise<string[]> {
  await sock.sendall(command + "\r\n");
  const lines = await answer(sock);
  console.log(`${command}\n  ${lines.join("\n  ")}`);
  return lines;
}

const plain = await socket.create_connection([host, port], timeout);
plain.settimeout(timeout);
await answer(plain);
await ask(plain, "EHLO localhost");
const [ready] = await ask(plain, "STARTTLS");
if (!ready.startsWith("220")) throw new Error("the server has no TLS");
// Data that arrived before TLS was not protected. The program keeps none of it, so it takes none for an answer over TLS.
using secure = await context.wrap_socket(plain, { server_hostname: name || host });
await ask(secure, "EHLO localhost");
await ask(secure, "QUIT");
