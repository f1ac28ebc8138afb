// connect of a Unix datagram socket finds out whether the path takes datagrams, as the kernel does.

import assert from "node:assert/strict";
import { SUBJECTS } from "./_sim.ts";
import { askPython, pythonTest, TemporaryDirectory } from "./_helpers.ts";

const KINDS = ["live", "stream", "full", "dead", "file", "missing", "abstract live"];

const PYTHON = `
import json, os, socket, sys
folder, outcomes, keep = sys.argv[1], {}, []
def opened(path, kind, backlog=None):
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(path)
    if backlog is not None:
        sock.listen(backlog)
    keep.append(sock)
    return sock
paths = {name: folder + "/" + name for name in ["live", "stream", "full", "dead", "file", "missing"]}
paths["abstract live"] = "\\0" + folder + "/live"
opened(paths["live"], socket.SOCK_DGRAM)
opened(paths["stream"], socket.SOCK_STREAM, 5)
opened(paths["abstract live"], socket.SOCK_DGRAM)
opened(paths["full"], socket.SOCK_STREAM, 0)
filler = socket.socket(socket.AF_UNIX)
filler.connect(paths["full"])
opened(paths["dead"], socket.SOCK_DGRAM).close()
open(paths["file"], "w").close()
for name, path in paths.items():
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        sock.connect(path)
        outcomes[name] = "connected"
    except OSError as error:
        outcomes[name] = error.errno
print(json.dumps(outcomes))
`;

for (const { name: backend, module: m } of SUBJECTS) {
  const attempt = async (path: string, blocking: boolean) => {
    using sk = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    sk.setblocking(blocking);
    try {
      await sk.connect(path);
      assert.equal(sk.getpeername(), path);
      return "connected";
    } catch (error) {
      assert.throws(() => sk.getpeername(), { code: "ENOTCONN" });
      return (error as { errno?: number }).errno;
    }
  };

  pythonTest(`${backend}: connect of a Unix datagram socket has the same outcomes as in python3`, async () => {
    using pythons = new TemporaryDirectory();
    const wanted = await askPython(PYTHON, pythons.path);
    // A simulated host has no other files than sockets.
    if (backend === "sim") wanted.file = wanted.missing;
    using directory = new TemporaryDirectory();
    const paths = Object.fromEntries(KINDS.map((kind) => [kind, `${directory.path}/${kind}`]));
    paths["abstract live"] = `\0${directory.path}/live`;
    using live = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    live.bind(paths.live);
    using named = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    named.bind(paths["abstract live"]);
    const listeners = ["stream", "full"].map((kind) => {
      const sk = m.socket(m.AF_UNIX);
      sk.bind(paths[kind]);
      sk.listen(kind === "full" ? 0 : 5);
      return sk;
    });
    using filler = m.socket(m.AF_UNIX);
    await filler.connect(paths.full);
    const dead = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    dead.bind(paths.dead);
    dead.close();
    Deno.writeTextFileSync(paths.file, "");
    for (const blocking of [true, false]) {
      const outcomes: Record<string, unknown> = {};
      for (const kind of KINDS) outcomes[kind] = await attempt(paths[kind], blocking);
      assert.deepEqual(outcomes, wanted, blocking ? "blocking" : "non-blocking");
    }
    for (const sk of listeners) sk.close();
  });

  Deno.test(`${backend}: connecting a Unix datagram socket sends nothing`, async () => {
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    using receiver = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    receiver.bind(path);
    using sender = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    using copy = sender.dup();
    // Both at the same time, and one of them is given up.
    const signal = AbortSignal.abort();
    await assert.rejects(sender.connect(path, { signal }), { name: "AbortError" });
    await Promise.all([sender.connect(path), copy.connect(path), sender.connect(path)]);
    await sender.send("first");
    assert.equal(new TextDecoder().decode(await receiver.recv(10)), "first");
  });

  Deno.test(`${backend}: a Unix datagram socket whose connect fails keeps its peer`, async () => {
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    using receiver = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    receiver.bind(path);
    using sender = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
    await sender.connect(path);
    await assert.rejects(sender.connect(directory.fresh()), { code: "ENOENT" });
    assert.equal(sender.getpeername(), path);
    assert.equal(await sender.send("x"), 1);
  });
}
