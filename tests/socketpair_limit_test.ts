// socketpair without enough free descriptors fails, and leaves none open.

import assert from "node:assert/strict";
import { BACKENDS } from "./_backends.ts";
import { Program } from "./_helpers.ts";

/**
 * Opens pairs while all descriptors but a few are taken. It finds out how many a pair needs, and then fails ten times
 * with each smaller number. After that as many descriptors can be taken as before.
 */
function source(url: string): string {
  return `
    import { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM, socketpair } from ${JSON.stringify(url)};
    const open = async (family, type) => {
      for (const sock of await socketpair(family, type)) sock.close();
    };
    const files = [];
    const take = () => {
      try {
        for (;;) files.push(Deno.openSync("/dev/null"));
      } catch (error) {
        if (error.code !== "EMFILE") throw error;
      }
    };
    const free = (count) => {
      while (count-- > 0) files.pop().close();
    };
    const attempt = (family, type, count) => {
      take();
      free(count);
      return open(family, type).then(() => "open", (error) => error.code + " of " + error.syscall);
    };
    for (const [family, type] of [[AF_UNIX, SOCK_STREAM], [AF_INET, SOCK_STREAM], [AF_UNIX, SOCK_DGRAM]]) {
      // The native backend refuses AF_INET, as the kernel.
      if (await open(family, type).then(() => false, (error) => error.code === "EOPNOTSUPP")) continue;
      take();
      const available = files.length;
      let needed = 0;
      while (await attempt(family, type, needed) !== "open") needed++;
      const outcomes = new Set();
      for (let count = 0; count < needed; count++) {
        for (let n = 0; n < 10; n++) outcomes.add(await attempt(family, type, count));
      }
      take();
      console.log([...outcomes].join(), available - files.length);
      free(files.length);
    }
    console.log("done");
  `;
}

for (const { name, url } of BACKENDS) {
  Deno.test({
    name: `${name}: socketpair leaves no descriptor open when they run out`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const directory = Deno.makeTempDirSync();
      try {
        const path = `${directory}/program.js`;
        Deno.writeTextFileSync(path, source(url));
        const command = 'ulimit -n 128 && exec "$0" run --allow-all --unstable-net --no-lock --no-check "$1"';
        await using program = new Program("sh", ["-c", command, Deno.execPath(), path]);
        const { code, stdout, stderr } = await program.end();
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^(EMFILE of socketpair 0\n){2,3}done\n$/);
      } finally {
        Deno.removeSync(directory, { recursive: true });
      }
    },
  });
}
