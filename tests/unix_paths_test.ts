// The path of a Unix listener after the listener was closed. Deno unlinks it, whatever file is there.

import assert from "node:assert/strict";
import * as socket from "../mod.ts";
import { converse } from "./_examples.ts";
import { Program, pythonTest, runPython, TemporaryDirectory } from "./_helpers.ts";

function listen(path: string): socket.Socket {
  const sk = socket.socket(socket.AF_UNIX);
  sk.bind(path);
  sk.listen();
  return sk;
}

function kindOf(path: string): string | null {
  try {
    const { isSocket, isFile, isDirectory, isSymlink } = Deno.lstatSync(path);
    return isSocket ? "socket" : isFile ? "file" : isDirectory ? "directory" : isSymlink ? "link" : "other";
  } catch {
    return null;
  }
}

const unixTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: Deno.build.os === "windows", fn });

unixTest("a listener's own path is removed by close", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.fresh();
  listen(path).close();
  assert.equal(kindOf(path), null);
  await Promise.resolve();
});

for (const accepting of [false, true]) {
  const how = accepting ? "with an accept under way" : "idle";

  unixTest(`closing does not remove another server's socket that was renamed to the path, ${how}`, async () => {
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    const old = listen(path);
    const ending = accepting ? assert.rejects(old.accept(), { code: "EBADF" }) : null;
    using fresh = listen(`${path}.new`);
    Deno.renameSync(`${path}.new`, path);
    if (accepting) await new Promise((resolve) => setImmediate(resolve));
    old.close();
    await ending;
    using client = socket.socket(socket.AF_UNIX);
    await client.connect(path);
    const [conn] = await fresh.accept();
    conn.close();
    assert.deepEqual(Array.from(Deno.readDirSync(directory.path), ({ name }) => name), ["1"]);
  });
}

unixTest("closing does not remove a file, a link or a directory that has replaced the path", async () => {
  using directory = new TemporaryDirectory();
  const put: Record<string, (path: string) => void> = {
    file: (path) => Deno.writeTextFileSync(path, "kept"),
    link: (path) => Deno.symlinkSync("/nowhere", path),
    directory: (path) => Deno.mkdirSync(path),
  };
  for (const [kind, make] of Object.entries(put)) {
    const path = directory.fresh();
    await using sk = listen(path);
    Deno.removeSync(path);
    make(path);
    sk.close();
    assert.equal(kindOf(path), kind);
    if (kind === "file") assert.equal(Deno.readTextFileSync(path), "kept");
  }
  assert.equal([...Deno.readDirSync(directory.path)].length, 3);
});

unixTest("a relative path is relative to the working directory at bind, and is returned as it was given", async () => {
  using directory = new TemporaryDirectory();
  const [here, there] = [directory.fresh(), directory.fresh()];
  for (const folder of [here, there]) Deno.mkdirSync(folder);
  const before = Deno.cwd();
  try {
    Deno.chdir(here);
    const sk = listen("x.sock");
    using client = socket.socket(socket.AF_UNIX);
    await client.connect("x.sock");
    const [conn] = await sk.accept();
    assert.deepEqual([sk.getsockname(), conn.getsockname()], ["x.sock", "x.sock"]);
    conn.close();
    Deno.chdir(there);
    Deno.writeTextFileSync("x.sock", "another's");
    sk.close();
    assert.equal(Deno.readTextFileSync(`${there}/x.sock`), "another's");
    assert.equal(kindOf(`${here}/x.sock`), null);
  } finally {
    Deno.chdir(before);
  }
});

pythonTest("a server that may not make a second name stays open, and does not change the path", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.fresh();
  const source = `
    import * as socket from ${JSON.stringify(import.meta.resolve("../mod.ts"))};
    const sk = socket.socket(socket.AF_UNIX);
    sk.bind(${JSON.stringify(path)});
    sk.listen();
    console.log("listening");
    await new Promise((resolve) => Deno.stdin.read(new Uint8Array(1)).then(resolve));
    sk.close();
    console.log("closed");
    Deno.exit();
  `;
  const only = [`--allow-net=unix:${path}`, `--allow-read=${path}`, `--allow-write=${path}`];
  const file = `${directory.path}/server.ts`;
  Deno.writeTextFileSync(file, source);
  await using server = new Program(Deno.execPath(), ["run", "--no-prompt", "--no-check", "--no-lock", ...only, file]);
  assert.equal(await server.line(), "listening");
  await using other = runPython(
    `import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1] + ".new")
s.listen()
os.rename(sys.argv[1] + ".new", sys.argv[1])
print("renamed")
print(s.accept()[0].recv(9).decode())`,
    path,
  );
  assert.equal(await other.line(), "renamed");
  assert.equal(await converse(server, "go"), "closed\n");
  using client = socket.socket(socket.AF_UNIX);
  await client.connect(path);
  await client.sendall("hello");
  assert.equal(await other.line(), "hello");
});
