// Installs the page's packages as package-lock.json lists them, unless they are installed.

const read = (name: string) => Deno.readTextFile(new URL(name, import.meta.url)).catch(() => "");

/** npm's record of an installation equals the lock file, except for the entry of the folder itself. */
async function isInstalled(): Promise<boolean> {
  const [wanted, there] = await Promise.all([read("package-lock.json"), read("node_modules/.package-lock.json")]);
  if (there === "") return false;
  const { packages } = JSON.parse(wanted) as { packages: Record<string, { version: string; optional?: boolean }> };
  const installed = JSON.parse(there).packages as Record<string, { version: string }>;
  return Object.entries(packages).every(([name, { version, optional }]) =>
    name === "" || installed[name]?.version === version || (optional === true && installed[name] === undefined)
  );
}

async function install(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("npm", {
      args: ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
      cwd: new URL(".", import.meta.url),
    }).spawn().status;
    return success;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("The page's packages are installed with npm, which is not on the PATH. It comes with Node.");
    return false;
  }
}

if (!await isInstalled() && !await install()) Deno.exit(1);
