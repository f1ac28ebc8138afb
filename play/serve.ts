// Builds the page, serves it on loopback and prints its address.
//
//   deno run -A serve.ts [--port 8000]

import { build } from "./build.ts";

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/** Serves the files of one folder on loopback. */
export function serve(folder: string, port = 0, onListen?: (address: string) => void): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({
    hostname: "127.0.0.1",
    port,
    onListen: ({ port }) => onListen?.(`http://127.0.0.1:${port}/`),
  }, async (request) => {
    const { pathname } = new URL(request.url);
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    // The folder has no subfolders, so a name with a slash is not one of its files.
    const type = /^[\w-]+\.(\w+)$/.exec(name)?.[1];
    if (type === undefined || !(type in TYPES)) return new Response("not found", { status: 404 });
    try {
      const bytes = await Deno.readFile(`${folder}/${name}`);
      return new Response(bytes, { headers: { "content-type": TYPES[type], "cache-control": "no-store" } });
    } catch {
      return new Response("not found", { status: 404 });
    }
  });
}

if (import.meta.main) {
  await build();
  const flag = Deno.args.indexOf("--port");
  const port = flag < 0 ? 8000 : Number(Deno.args[flag + 1]);
  const folder = decodeURIComponent(new URL("./dist", import.meta.url).pathname);
  const tell = (address: string) => console.log(`The socket lesson: ${address}`);
  try {
    serve(folder, port, tell);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse) || flag >= 0) throw error;
    serve(folder, 0, tell);
  }
}
