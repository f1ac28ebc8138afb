// The suite of socket files over each backend, with python3's socket files at the other end.

import assert from "node:assert/strict";
import * as socket from "../mod.ts";
import { BACKENDS } from "./_backends.ts";
import { ALL_SUBJECTS, SUBJECTS } from "./_sim.ts";
import { pythonTest, runPython } from "./_helpers.ts";
import { fileSuite } from "./conformance/files.ts";

ALL_SUBJECTS.forEach(fileSuite);

const PEER = `
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
f = s.makefile("rw", encoding=sys.argv[2], newline=sys.argv[3])
for line in f:
    f.write(line[::-1].strip() + "\\n")
    f.flush()
f.close(); s.close()
`;

for (const { name, module: socket } of BACKENDS) {
  for (const [encoding, newline] of [["utf-8", "\r\n"], ["latin-1", "\r"], ["utf-16-le", "\n"], ["shift_jis", ""]]) {
    pythonTest(
      `${name}: files exchange text with python3: ${encoding}, newline ${JSON.stringify(newline)}`,
      async () => {
        using server = socket.create_server(["127.0.0.1", 0]);
        await using python = runPython(PEER, server.getsockname()[1], encoding, newline);
        const [conn] = await server.accept();
        await using file = conn.makefile("rw", { encoding, newline });
        const word = { "utf-8": "añ€😀", "shift_jis": "漢字ｱ" }[encoding] ?? "añé";
        for (let i = 0; i < 50; i++) {
          await file.write(`${i}${word.repeat(i * 20)}\n`);
          await file.flush();
          const line = await file.readline();
          assert.equal(line, [...`${i}${word.repeat(i * 20)}`].reverse().join("") + (newline || "\n"));
        }
        await conn.shutdown(socket.SHUT_WR);
        assert.equal(await file.read(), "");
        conn.close();
        assert.equal((await python.end()).code, 0);
      },
    );
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

for (const { name, module: socket } of SUBJECTS) {
  Deno.test(`${name}: a file in UTF-8 throws once for each invalid byte, and continues after it`, async () => {
    const [a, b] = await socket.socketpair();
    using file = b.makefile("r");
    b.settimeout(10);
    const parts = [bytes("ok\n"), Uint8Array.of(0xff, 0xff, ...bytes("bad\n")), bytes("next\n"), bytes("last\n")];
    for (const part of parts) await a.sendall(part);
    a.close();
    const read: (string | null)[] = [];
    for (let n = 0; n < 8; n++) {
      read.push(
        await file.readline().catch((error) => error instanceof RangeError ? error.message : Promise.reject(error)),
      );
    }
    const complaint = "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte";
    assert.deepEqual(read, ["ok\n", complaint, complaint, "bad\n", "next\n", "last\n", "", ""]);
    b.close();
  });

  Deno.test(`${name}: a file in UTF-8 throws for an invalid byte at once, and reads later data`, async () => {
    const [a, b] = await socket.socketpair();
    using file = b.makefile("r");
    b.settimeout(10);
    for (let round = 0; round < 3; round++) {
      await a.sendall(Uint8Array.of(0xff));
      await assert.rejects(file.readline(), RangeError);
      // The incomplete character is one error. The bytes after it are valid text.
      await a.sendall(Uint8Array.of(0xe2, 0x82, ...bytes("next\n")));
      await assert.rejects(file.readline(), /byte 0xe2 in position 0: invalid continuation byte/);
      assert.equal(await file.readline(), "next\n");
    }
    a.close();
    assert.equal(await file.readline(), "");
    b.close();
  });
}

// Counts the characters that are searched, not the time: searching a text right after appending to it costs its whole
// length.
Deno.test("each character of long lines and of many lines is examined only a few times", async () => {
  const find = String.prototype.indexOf;
  const [a, b] = await socket.socketpair();
  const file = b.makefile("r");
  const line = "x".repeat(2 ** 20) + "\n";
  const lines = ("y".repeat(79) + "\n").repeat(2 ** 14);
  const sent = a.sendall(line + lines).then(() => a.close());
  let seen = 0;
  String.prototype.indexOf = function (this: string, ...args: [string, number?]): number {
    const at = find.apply(this, args);
    if (args[0] === "\n") seen += (at < 0 ? this.length : at) - (args[1] ?? 0);
    return at;
  };
  try {
    assert.equal((await file.readline())!.length, line.length);
    assert.equal((await file.readlines())!.length, 2 ** 14);
  } finally {
    String.prototype.indexOf = find;
  }
  await sent;
  // Some of it is searched twice, where a piece ends within a line.
  assert(seen < 4 * (line.length + lines.length), `${seen} characters`);
  await file.close();
  b.close();
});

Deno.test("after a timeout of readlines, the next call returns its lines and half line in order", async () => {
  const [a, b] = await socket.socketpair();
  const file = b.makefile("r");
  await a.sendall("one\ntwo\nthr");
  b.settimeout(0.01);
  await assert.rejects(file.readlines(), { name: "TimeoutError" });
  b.settimeout(null);
  await a.sendall("ee\n");
  a.close();
  assert.deepEqual(await file.readlines(), ["one\n", "two\n", "three\n"]);
  await file.close();
  b.close();
});

for (const { name, module: m } of BACKENDS) {
  Deno.test(`${name}: using a file whose data cannot be sent does not end the process`, async () => {
    const [a, b] = await m.socketpair();
    using conn = a;
    b.close();
    {
      using file = conn.makefile("w");
      await file.write("x");
    }
    await assert.rejects(conn.sendall("y"), { code: "EPIPE" });
  });
}
