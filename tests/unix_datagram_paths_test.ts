// The path of a Unix datagram socket that changes while a receive is under way. On Deno's net API a send has to end that
// receive first, by a datagram to the socket's own path.

import assert from "node:assert/strict";
import { BACKENDS } from "./_backends.ts";
import { TemporaryDirectory } from "./_helpers.ts";
import type { Module } from "./conformance/fixtures.ts";

function bound(m: Module, path: string) {
  const sk = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
  sk.bind(path);
  return sk;
}

/** What may happen to a path. Each returns what has to be closed. */
const CHANGES: Record<string, (m: Module, path: string) => Disposable | void> = {
  "removed": (_m, path) => Deno.removeSync(path),
  "renamed": (_m, path) => Deno.renameSync(path, `${path}.old`),
  "replaced by a file": (_m, path) => {
    Deno.removeSync(path);
    Deno.writeTextFileSync(path, "");
  },
  "replaced by another socket": (m, path) => {
    Deno.removeSync(path);
    return bound(m, path);
  },
};

for (const { name, module: m } of BACKENDS) {
  const datagramTest = (what: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name}: ${what}`, ignore: Deno.build.os !== "linux", fn });

  for (const [change, make] of Object.entries(CHANGES)) {
    datagramTest(`a Unix datagram socket sends or throws the right error after its path was ${change}`, async () => {
      using directory = new TemporaryDirectory();
      const path = directory.fresh();
      const sk = bound(m, path);
      sk.settimeout(5);
      using peer = bound(m, directory.fresh());
      const receiving = assert.rejects(sk.recv(10), { code: "EBADF" });
      using other = make(m, path) as ReturnType<typeof bound> | undefined;
      if (name === "native") {
        await sk.sendto("hi", peer.getsockname());
        assert.equal((await peer.recv(10)).length, 2);
      } else {
        await assert.rejects(sk.sendto("hi", peer.getsockname()), { code: "EBUSY" });
      }
      if (other !== undefined) {
        // Nothing has come to the socket that has taken the path.
        other.settimeout(0);
        await assert.rejects(other.recv(10), { name: "BlockingIOError" });
      }
      sk.close();
      await receiving;
    });
  }

  datagramTest(
    "a Unix datagram socket with a relative path sends after the working directory has changed",
    async () => {
      using directory = new TemporaryDirectory();
      const before = Deno.cwd();
      using peer = bound(m, directory.fresh());
      Deno.chdir(directory.path);
      try {
        const sk = bound(m, "relative");
        sk.settimeout(5);
        const receiving = assert.rejects(sk.recv(10), { code: "EBADF" });
        Deno.chdir(before);
        await sk.sendto("hi", peer.getsockname());
        const [data, from] = await peer.recvfrom(10);
        assert.deepEqual([data.length, from], [2, "relative"]);
        sk.close();
        await receiving;
      } finally {
        Deno.chdir(before);
      }
    },
  );
}
