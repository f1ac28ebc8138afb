// Builds the page into dist/: one folder that any static host serves.
//
//   deno run -A build.ts

import * as esbuild from "esbuild";
import type { BuildOptions, Plugin } from "esbuild";
import { publicNames } from "./names.ts";

const here = new URL("./", import.meta.url);
const path = (name: string) => decodeURIComponent(new URL(name, here).pathname);

export interface PageOptions {
  outdir?: string;
  plugins?: Plugin[];
}

const common: BuildOptions & { bundle: true } = {
  bundle: true,
  format: "esm",
  target: ["chrome111", "firefox114", "safari16.4"],
  minify: true,
  legalComments: "eof",
  logLevel: "warning",
};

/** A module whose content the build makes. */
function made(name: string, loader: "text" | "json", content: string): Plugin {
  const filter = new RegExp(`^${name}$`);
  return {
    name,
    setup(build) {
      build.onResolve({ filter }, (args) => ({ path: args.path, namespace: "made" }));
      build.onLoad({ filter, namespace: "made" }, () => ({ contents: content, loader }));
    },
  };
}

/** Builds the page. Returns the size of each file, uncompressed and with gzip. */
export async function build(
  { outdir = path("dist"), plugins = [] }: PageOptions = {},
): Promise<[string, number, number][]> {
  const worker = await esbuild.build({
    ...common,
    plugins,
    entryPoints: [path("worker/worker.ts")],
    write: false,
  });
  await Deno.remove(outdir, { recursive: true }).catch(() => {});
  await Deno.mkdir(outdir, { recursive: true });
  await esbuild.build({
    ...common,
    plugins: [
      ...plugins,
      made("worker:text", "text", worker.outputFiles![0].text),
      made("names:json", "json", JSON.stringify(await publicNames())),
    ],
    entryPoints: { early: path("page/early.ts"), page: path("page/main.ts"), style: path("styles/style.css") },
    outdir,
  });
  await esbuild.stop();
  await Deno.copyFile(path("index.html"), `${outdir}/index.html`);
  const sizes: [string, number, number][] = [];
  for await (const { name } of Deno.readDir(outdir)) {
    const bytes = await Deno.readFile(`${outdir}/${name}`);
    const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
    sizes.push([name, bytes.length, (await new Response(packed).arrayBuffer()).byteLength]);
  }
  return sizes;
}

if (import.meta.main) {
  const sizes = await build();
  const kilo = (bytes: number) => `${(bytes / 1000).toFixed(1).padStart(7)} kB`;
  for (const [name, bytes, packed] of sizes) console.log(`${name.padEnd(12)} ${kilo(bytes)} ${kilo(packed)} gzipped`);
  console.log(
    `${"in all".padEnd(12)} ${kilo(0).replace(/./g, " ")} ${
      kilo(sizes.reduce((sum, size) => sum + size[2], 0))
    } gzipped`,
  );
}
