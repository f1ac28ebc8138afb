// connect(AF_UNSPEC) removes the peer of a datagram socket. It checks its arguments as any connect does.

import assert from "node:assert/strict";
import { errnoOf } from "../base/errno.ts";
import * as native from "../native.ts";
import { SUBJECTS } from "./_sim.ts";
import { Connected, settled, text } from "./conformance/fixtures.ts";

for (const { name, module: m } of SUBJECTS) {
  const test = (what: string, fn: () => Promise<void>) => Deno.test(`${name}: connect(AF_UNSPEC) ${what}`, fn);
  const udp = () => m.socket(m.AF_INET, m.SOCK_DGRAM);

  test("removes the peer and keeps options", async () => {
    using peer = udp(), stranger = udp(), sock = udp();
    for (const one of [peer, sock]) one.bind(["127.0.0.1", 0]);
    sock.setsockopt(m.SOL_SOCKET, m.SO_BROADCAST, 1);
    await sock.connect(peer.getsockname());
    await sock.connect(m.AF_UNSPEC);
    assert.throws(() => sock.getpeername(), { code: "ENOTCONN" });
    await assert.rejects(sock.send("x"), { code: "EDESTADDRREQ" });
    assert.equal(sock.getsockopt(m.SOL_SOCKET, m.SO_BROADCAST), 1);
    // The kernel may have released the port. A send takes one again.
    await sock.sendto("x", peer.getsockname());
    await stranger.sendto("from a stranger", ["127.0.0.1", sock.getsockname()[1]]);
    assert.equal(text(await settled(sock.recv(100))), "from a stranger");
    assert.equal(await sock.connect_ex(m.AF_UNSPEC), 0);
  });

  test("with wrong options or an aborted signal changes nothing", async () => {
    using peer = udp(), sock = udp();
    peer.bind(["127.0.0.1", 0]);
    await sock.connect(peer.getsockname());
    const { signal } = new AbortController();
    for (const options of [{ timeout: 1 }, 5, null, signal, { signal: 5 }]) {
      await assert.rejects(sock.connect(m.AF_UNSPEC, options as never), TypeError, String(options));
      await assert.rejects(sock.connect_ex(m.AF_UNSPEC, options as never), TypeError, String(options));
    }
    const aborted = AbortSignal.abort(new Error("given up"));
    await assert.rejects(sock.connect(m.AF_UNSPEC, { signal: aborted }), { message: "given up" });
    assert.deepEqual(sock.getpeername(), peer.getsockname());
    await sock.connect(m.AF_UNSPEC, { signal: null });
    assert.throws(() => sock.getpeername(), { code: "ENOTCONN" });
  });

  test("on a closed socket is EBADF", async () => {
    const sock = udp();
    sock.close();
    await assert.rejects(sock.connect(m.AF_UNSPEC), { code: "EBADF" });
    assert.equal(await sock.connect_ex(m.AF_UNSPEC), errnoOf("EBADF"));
  });
}

Deno.test("deno: connect(AF_UNSPEC) on a stream is refused, and the connection stays", async () => {
  const deno = SUBJECTS[0].module;
  using all = await Connected.open(deno);
  await assert.rejects(all.client.connect(deno.AF_UNSPEC), { code: "EOPNOTSUPP", message: /native/ });
  await all.client.sendall("still here");
  assert.equal(text(await settled(all.peer.recv(100))), "still here");
});

Deno.test({
  name: "native: connect(AF_UNSPEC) resets a stream, which can then connect again",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using all = await Connected.open(native);
    const { client, peer, server, address } = all;
    await client.shutdown(native.SHUT_RD);
    await client.connect(native.AF_UNSPEC);
    await assert.rejects(settled(peer.recv(1)), { code: "ECONNRESET" });
    await client.connect(address);
    using again = (await settled(server.accept()))[0];
    await again.sendall("again");
    assert.equal(text(await settled(client.recv(100))), "again");
  },
});
