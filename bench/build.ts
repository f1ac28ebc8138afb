// Compiles the programs in C, when they are out of date and there is a compiler.

const here = new URL(".", import.meta.url).pathname;

/** Where a compiled program is; undefined where there is no C compiler or not Linux's headers. */
export async function compiled(name: "load" | "peer" | "waits"): Promise<string | undefined> {
  const target = `${here}build/${name}`;
  const sources = [`${here}c/${name}.c`, `${here}c/common.h`];
  const changed = Math.max(...sources.map((source) => Deno.statSync(source).mtime!.getTime()));
  try {
    if (Deno.statSync(target).mtime!.getTime() > changed) return target;
  } catch { /* not built yet */ }
  await Deno.mkdir(`${here}build`, { recursive: true });
  try {
    const { success, stderr } = await new Deno.Command("cc", {
      args: ["-O2", "-Wall", "-Wextra", "-o", target, sources[0]],
      stderr: "piped",
    }).output();
    if (success) return target;
    console.error(new TextDecoder().decode(stderr));
  } catch { /* no compiler */ }
}
