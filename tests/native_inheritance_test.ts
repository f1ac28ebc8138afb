// get_inheritable and set_inheritable: whether programs that are started inherit a descriptor.

import assert from "node:assert/strict";
import * as deno from "../mod.ts";
import * as native from "../native.ts";
import { askPython, pythonTest, runPython } from "./_helpers.ts";
import { settled, text } from "./conformance/fixtures.ts";

Deno.test("native: new sockets are not inheritable, whichever call opened them", async () => {
  const server = native.create_server(["127.0.0.1", 0]);
  const client = await native.create_connection(server.getsockname());
  const [conn] = await server.accept();
  const [a, b] = await native.socketpair();
  await native.send_fds(a, ["x"], [conn.fileno()]);
  const [, [fd]] = await native.recv_fds(b, 1, 1);
  const copy = native.fromfd(fd, native.AF_INET, native.SOCK_STREAM);
  const all = [server, client, conn, a, b, conn.dup(), copy, native.socket(-1, -1, -1, fd)];
  assert.deepEqual(all.map((sock) => sock.get_inheritable()), all.map(() => false));
  for (const sock of all) sock.close();
});

Deno.test("native: inheritability belongs to a descriptor, by method and by number, and not to its duplicates", () => {
  using sock = native.socket();
  using copy = sock.dup();
  sock.set_inheritable(true);
  assert.deepEqual([sock.get_inheritable(), native.get_inheritable(sock.fileno())], [true, true]);
  assert.equal(copy.get_inheritable(), false);
  native.set_inheritable(sock.fileno(), false);
  native.set_inheritable(copy.fileno(), true);
  assert.deepEqual([sock.get_inheritable(), copy.get_inheritable()], [false, true]);
  copy.set_inheritable(true);
  assert.equal(copy.get_inheritable(), true);
});

Deno.test("native: a closed socket and a closed number are EBADF, a wrong number is refused", () => {
  const sock = native.socket();
  const fd = sock.fileno();
  sock.close();
  for (const call of [() => sock.get_inheritable(), () => sock.set_inheritable(true)]) {
    assert.throws(call, { code: "EBADF" });
  }
  for (const number of [fd, -1]) {
    assert.throws(() => native.get_inheritable(number), { code: "EBADF" });
    assert.throws(() => native.set_inheritable(number, true), { code: "EBADF" });
  }
  for (const wrong of ["3", 1.5, null, undefined, {}]) {
    assert.throws(() => native.get_inheritable(wrong as number), TypeError);
    assert.throws(() => native.set_inheritable(wrong as number, true), TypeError);
  }
  assert.throws(() => native.get_inheritable(2 ** 31), RangeError);
});

pythonTest("native: the answers for standard descriptors and the errors are those of Python's os", async () => {
  const numbers = [0, 1, 2, -1, 1_000_000];
  const theirs = await askPython(`
import json, os
def ask(fd):
    try: return os.get_inheritable(fd)
    except OSError as e: return e.errno
print(json.dumps([ask(fd) for fd in ${JSON.stringify(numbers)}]))
`);
  const ask = (fd: number) => {
    try {
      return native.get_inheritable(fd);
    } catch (error) {
      return (error as native.OSError).errno;
    }
  };
  assert.deepEqual(numbers.map(ask), theirs);
});

pythonTest("native: a child process serves on an inherited listener, and inherits no other socket", async () => {
  using server = native.create_server(["127.0.0.1", 0]);
  using other = native.create_server(["127.0.0.1", 0]);
  server.set_inheritable(true);
  await using worker = runPython(
    `
import os, socket, sys
server = socket.socket(fileno=int(sys.argv[1]))
try: os.fstat(int(sys.argv[2])); print("has both")
except OSError: print("has one")
# It is the module's open file, which is a non-blocking one.
server.settimeout(60)
conn, _ = server.accept()
conn.sendall(b"served by a worker")
`,
    server.fileno(),
    other.fileno(),
  );
  assert.equal(await settled(worker.line(), 60_000), "has one");
  using client = await native.create_connection(server.getsockname());
  assert.equal(text(await settled(client.recv(100, native.MSG_WAITALL))), "served by a worker");
});

Deno.test("deno: inheritance is EOPNOTSUPP, and the error names the native backend", () => {
  using sock = deno.socket();
  const refused = { code: "EOPNOTSUPP", message: /@berkeley\/socket\/native/ };
  assert.throws(() => sock.get_inheritable(), refused);
  assert.throws(() => sock.set_inheritable(true), refused);
  assert.throws(() => deno.get_inheritable(sock.fileno()), refused);
  assert.throws(() => deno.set_inheritable(sock.fileno(), true), refused);
  assert.throws(() => deno.get_inheritable("3" as unknown as number), TypeError);
});
