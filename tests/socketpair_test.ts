import assert from "node:assert/strict";
import * as deno from "../mod.ts";
import * as native from "../native.ts";

const decode = (data: Uint8Array) => new TextDecoder().decode(data);

for (const [name, socket] of [["deno", deno], ["native", native as typeof deno]] as const) {
  const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM, socketpair } = socket;

  Deno.test(`${name}: a pair of streams carries bytes both ways to the end`, async () => {
    const [a, b] = await socketpair();
    assert.deepEqual([a.family, a.type, b.gettimeout()], [AF_UNIX, SOCK_STREAM, null]);
    await a.sendall("to b");
    await b.sendall("to a");
    assert.deepEqual([decode(await b.recv(16)), decode(await a.recv(16))], ["to b", "to a"]);
    a.close();
    assert.equal((await b.recv(16)).length, 0);
    b.close();
  });

  Deno.test(`${name}: a pair of Unix datagram sockets keeps message boundaries and empty datagrams`, async () => {
    const [a, b] = await socketpair(AF_UNIX, SOCK_DGRAM);
    for (const data of ["one", "", "three"]) await a.send(data);
    for (const data of ["one", "", "three"]) assert.equal(decode(await b.recv(16)), data);
    a.close();
    b.close();
  });

  Deno.test(`${name}: a pair may be opened non-blocking`, async () => {
    const [a, b] = await socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
    await assert.rejects(a.recv(1), { name: "BlockingIOError", code: "EAGAIN" });
    a.close();
    b.close();
  });

  Deno.test(`${name}: there are no pairs of UDP sockets`, async () => {
    await assert.rejects(socketpair(AF_INET, SOCK_DGRAM), { code: "EOPNOTSUPP" });
  });
}
