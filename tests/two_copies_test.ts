// Two copies of the package in one process, as with two versions of it in two dependencies.

import assert from "node:assert/strict";
import { runDeno } from "./_helpers.ts";

const root = new URL("../", import.meta.url);

for (const entry of ["mod.ts", "native.ts"]) {
  Deno.test(`${entry}: a copy of the package refuses the sockets of another copy`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.symlink(root.pathname.replace(/\/$/, ""), `${folder}/copy`);
      await using program = await runDeno(`
        const S = await import(${JSON.stringify(new URL(entry, root).href)});
        const T = await import(${JSON.stringify(`file://${folder}/copy/${entry}`)});
        const [a, aPeer] = await S.socketpair();
        const [b, bPeer] = await S.socketpair();
        const [c, cPeer] = await T.socketpair();
        await cPeer.sendall("for c alone");
        const numbers = [a, aPeer, b, bPeer, c, cPeer].map((sock) => sock.fileno());
        const answer = (waiting) => waiting.then(([ready]) => ready.length, (error) => error.code);
        const about = async (module, item) => {
          const got = await answer(module.select([item], [], [], 0.2));
          return got === "EBADF" ? "EBADF" : got === 0 ? "nothing" : "readable";
        };
        console.log(JSON.stringify([
          S.Socket !== T.Socket,
          new Set(numbers).size,
          await about(T, c), await about(S, a),
          await about(T, a), await about(T, a.fileno()),
          await about(S, c), await about(S, c.fileno()),
        ]));
        for (const sock of [a, aPeer, b, bPeer, c, cPeer]) sock.close();
      `);
      const { stdout, stderr } = await program.end();
      const others = entry === "mod.ts" ? ["EBADF", "EBADF", "EBADF", "EBADF"] : [
        // For real descriptors the kernel reports the events, to either copy.
        "nothing",
        "nothing",
        "readable",
        "readable",
      ];
      assert.deepEqual(JSON.parse(stdout || stderr), [true, 6, "readable", "nothing", ...others]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
