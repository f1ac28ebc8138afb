// Gets a web page by HTTP/1.0 over TLS, and checks the server's certificate. Headers go to stderr, the page to stdout.
//
//   deno run --allow-net=example.com:443 examples/https_get.ts https://example.com/
//
// With --ca file.pem (and --allow-read=file.pem) it also trusts the authorities in that file.

import * as socket from "@berkeley/socket";
import * as ssl from "@berkeley/socket/ssl";
import { options, refuse } from "./_shared.ts";

const about = "https_get [url]: prints a web page, if the certificate of its server is valid";
const { timeout, ca, rest: [page = "https://example.com/"] } = options(about, { timeout: 10, ca: "" });
const url = URL.parse(page);
if (url?.protocol !== "https:") refuse("an https: address, please");

const context = ssl.create_default_context();
if (ca !== "") context.load_verify_locations(ca);

const host = url.hostname.replace(/^\[|\]$/g, "");
const plain = await socket.create_connection([host, Number(url.port || 443)], timeout);
// From here on the data is encrypted. A wrong certificate throws before any of it is sent.
using secure = await context.wrap_socket(plain, { server_hostname: host });

await secure.sendall(`GET ${url.pathname}${url.search} HTTP/1.0\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`);
const file = secure.makefile("rb");
const decoder = new TextDecoder();
for await (const line of file) {
  const header = decoder.decode(line).trimEnd();
  if (header === "") break; // an empty line ends the headers
  console.error(header);
}
// The end of the stream is the end of the page. A stream that was cut off throws SSLEOFError.
for (let part = await file.read1(65536); part!.length > 0; part = await file.read1(65536)) {
  await Deno.stdout.write(part!);
}
await file.close();
