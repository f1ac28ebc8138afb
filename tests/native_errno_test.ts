// errno survives between libc and JavaScript, even if the garbage collector runs there.

import assert from "node:assert/strict";
import { runDeno } from "./_helpers.ts";

const module = JSON.stringify(import.meta.resolve("../native.ts"));

Deno.test("native: errno is never lost under forced collections", async () => {
  await using program = await runDeno(
    `
    import * as socket from ${module};
    const [a, b] = await socket.socketpair();
    const unbound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    b.setblocking(false);
    const wrong = [];
    let garbage = [];
    const codeOf = (call) => { try { call(); return "none"; } catch (error) { return error.code; } };
    for (let i = 0; i < 20_000; i++) {
      garbage.push(new Uint8Array(64 + i % 4096), { i });
      if (garbage.length > 500) garbage = [];
      if (i % 100 === 0) gc();
      const codes = [
        codeOf(() => unbound.getpeername()),
        codeOf(() => unbound.setsockopt(socket.SOL_SOCKET, 9999, 1)),
        codeOf(() => socket.socket(socket.AF_INET, socket.SOCK_RDM)),
        codeOf(() => socket.socket(99, 1, 0)),
      ].join();
      if (codes !== "ENOTCONN,ENOPROTOOPT,ESOCKTNOSUPPORT,EAFNOSUPPORT") wrong.push(codes);
      const busy = await b.recv(10).then(() => "none", (error) => error.code);
      if (busy !== "EAGAIN") wrong.push(busy);
    }
    console.log(JSON.stringify(wrong));
    a.close();
    `,
    "--v8-flags=--expose-gc",
    "--no-check",
  );
  const { stdout, stderr } = await program.end();
  assert.equal(stdout, "[]\n", stderr);
});
