// Which libc is opened.

import assert from "node:assert/strict";
import { Program, TemporaryDirectory } from "./_helpers.ts";

const { arch } = Deno.build;
const GLIBC = `/lib/${arch}-linux-gnu/libc.so.6`;
const MUSL = `/lib/ld-musl-${arch}.so.1`;

const module = JSON.stringify(import.meta.resolve("../native.ts"));
const SOURCE = `
  import * as socket from ${module};
  // The second call fails in libc. Two libcs keep errno in different places.
  for (const type of [socket.SOCK_STREAM, socket.SOCK_RDM]) {
    try {
      socket.socket(socket.AF_INET, type).close();
      console.log("ok");
    } catch (error) {
      console.log(error.code ?? error.name);
    }
  }
`;
const run = ["run", "--no-prompt", "--no-lock", "--no-check", "--ext=ts"];

/** The output and the exit code of a program. */
async function outcome(program: string, ...args: string[]): Promise<[answers: string, code: number]> {
  await using process = new Program(program, args);
  await process.write(SOURCE);
  const { stdout, code } = await process.end();
  return [stdout.trim().replaceAll("\n", ", "), code];
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

Deno.test("native: --allow-ffi may be limited to libc, and importing needs no permission", async () => {
  const libc = isFile(GLIBC) ? GLIBC : MUSL;
  assert.deepEqual(await outcome(Deno.execPath(), ...run, `--allow-ffi=${libc}`, "-"), ["ok, ESOCKTNOSUPPORT", 0]);
  assert.deepEqual(await outcome(Deno.execPath(), ...run, "-"), ["NotCapable, NotCapable", 0]);
});

const canHide = Deno.uid() === 0 && isFile(GLIBC) && isFile(MUSL);
if (Deno.build.os === "linux" && !canHide) {
  if (Deno.env.get("CI") === "true") throw new Error("not root, or musl is missing, and CI skips nothing");
  console.log("not root, or musl is missing: the test that a process of glibc does not open it is skipped");
}

// As in Deno's image for Alpine: glibc is in an unusual place, and musl in its usual one.
Deno.test({
  name: "native: a process of glibc does not open musl as well",
  ignore: !canHide,
  fn: async () => {
    using empty = new TemporaryDirectory();
    using copies = new TemporaryDirectory();
    const { stdout } = await new Deno.Command("ldd", { args: [Deno.execPath()] }).output();
    for (const path of new TextDecoder().decode(stdout).match(/\/\S+/g)!) {
      await Deno.copyFile(path, copies.path + path.slice(path.lastIndexOf("/")));
    }
    const loader = [...Deno.readDirSync(copies.path)].find(({ name }) => name.startsWith("ld-"))!.name;
    const usual = Deno.realPathSync(GLIBC.slice(0, GLIBC.lastIndexOf("/")));
    const deno = [`${copies.path}/${loader}`, "--library-path", copies.path, Deno.execPath()];
    const hide = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
    assert.deepEqual(
      await outcome(
        "unshare",
        "--mount",
        "sh",
        "-c",
        hide,
        "sh",
        empty.path,
        usual,
        ...deno,
        ...run,
        "--allow-ffi",
        "-",
      ),
      ["ok, ESOCKTNOSUPPORT", 0],
    );
  },
});
