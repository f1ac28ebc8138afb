// Compiles the C programs if they are out of date and a compiler is installed.

const here = new URL(".", import.meta.url).pathname;

/** The path of a compiled program, or undefined without a C compiler or Linux's headers. */
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
