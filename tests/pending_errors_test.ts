// The third list of select has sockets with a pending error, on both backends. (CPython's on Linux has only urgent
// data.)

import assert from "node:assert/strict";
import { SUBJECTS } from "./_sim.ts";
import { reset } from "./faults/raw.ts";
import * as native from "../native.ts";

for (const { name, module: m } of SUBJECTS) {
  const lengths = async (sk: any) => (await m.select([sk], [sk], [sk], 5)).map((list) => list.length);

  Deno.test(`${name}: select lists a refused connect as exceptional, once`, async () => {
    const server = m.create_server(["127.0.0.1", 0]);
    const address = server.getsockname();
    server.close();
    using sk = m.socket();
    sk.setblocking(false);
    await sk.connect_ex(address);
    await m.select([], [sk], [], 5);
    assert.deepEqual(await lengths(sk), [1, 1, 1]);
    assert.equal(sk.getsockopt(m.SOL_SOCKET, m.SO_ERROR), 111);
    assert.deepEqual(await lengths(sk), [1, 1, 0]);
  });

  Deno.test(`${name}: select lists a reset as exceptional`, { ignore: Deno.build.os !== "linux" }, async () => {
    using server = m.create_server(["127.0.0.1", 0]);
    const peer = name === "sim" ? m.socket() : native.socket();
    await peer.connect(server.getsockname());
    const [conn] = await server.accept();
    reset(peer);
    await m.select([conn], [], [], 5);
    assert.deepEqual(await lengths(conn), [1, 1, 1]);
    conn.close();
  });

  Deno.test(`${name}: select lists a peer that closed with unread data as exceptional`, async () => {
    using server = m.create_server(["127.0.0.1", 0]);
    using client = m.socket();
    await client.connect(server.getsockname());
    const [conn] = await server.accept();
    await client.sendall("unread");
    await m.select([conn], [], [], 5);
    // More than select has read ahead, so the kernel has unread data too.
    await client.sendall("x".repeat(1 << 18));
    conn.close();
    // The end of the stream arrives first, and the reset may come later.
    const deadline = performance.now() + 5000;
    let found: number[];
    do found = await lengths(client); while (found[2] === 0 && performance.now() < deadline);
    assert.deepEqual(found, [1, 1, 1]);
  });

  Deno.test(`${name}: a peer that closed without unread data is no error`, async () => {
    using server = m.create_server(["127.0.0.1", 0]);
    using client = m.socket();
    await client.connect(server.getsockname());
    const [conn] = await server.accept();
    conn.close();
    await m.select([client], [], [], 5);
    assert.deepEqual(await lengths(client), [1, 1, 0]);
    assert.equal((await client.recv(1)).length, 0);
  });

  Deno.test(
    `${name}: after a reset that follows the end, receives return the end and SO_ERROR returns the reset once`,
    {
      ignore: Deno.build.os !== "linux",
    },
    async () => {
      using server = m.create_server(["127.0.0.1", 0]);
      const peer = name === "sim" ? m.socket() : native.socket();
      await peer.connect(server.getsockname());
      const [conn] = await server.accept();
      await peer.shutdown(native.SHUT_WR);
      assert.equal((await conn.recv(1)).length, 0);
      reset(peer);
      const deadline = performance.now() + 5000;
      while ((await lengths(conn))[2] === 0 && performance.now() < deadline);
      assert.equal((await conn.recv(1)).length, 0);
      assert.equal(conn.getsockopt(m.SOL_SOCKET, m.SO_ERROR), 32);
      assert.equal(conn.getsockopt(m.SOL_SOCKET, m.SO_ERROR), 0);
      await assert.rejects(conn.send("x"), m.BrokenPipeError);
      conn.close();
    },
  );
}
