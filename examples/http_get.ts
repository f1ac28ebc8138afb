// Gets a web page by HTTP/1.0 over a socket, and reads it with makefile. Headers go to stderr, the page to stdout.
//
//   deno run --allow-net=example.com:80 examples/http_get.ts http://example.com/

import * as socket from "@berkeley/socket";
import { options, refuse } from "./_shared.ts";

const { timeout, rest: [page = "http://example.com/"] } = options("http_get [url]: prints a web page", { timeout: 10 });
const url = URL.parse(page);
if (url?.protocol !== "http:") refuse("an http: address, please; https_get does the others");

using sk = await socket.create_connection([url.hostname.replace(/^\[|\]$/g, ""), Number(url.port || 80)], timeout);
const file = sk.makefile("rwb");
await file.write(`GET ${url.pathname}${url.search} HTTP/1.0\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`);
await file.flush();

const decoder = new TextDecoder();
for await (const line of file) {
  const header = decoder.decode(line).trimEnd();
  if (header === "") break; // an empty line ends the headers
  console.error(header);
}
for (let part = await file.read1(65536); part!.length > 0; part = await file.read1(65536)) {
  await Deno.stdout.write(part!);
}
await file.close();
