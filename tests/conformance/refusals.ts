// Wrong arguments: the call throws the right error at once and changes nothing.

import assert from "node:assert/strict";
import type { Socket } from "../../mod.ts";
import { Connected, declare, failure, place, receive, text } from "./fixtures.ts";
import type { Subject } from "./fixtures.ts";

export function refusalSuite(subject: Subject): void {
  const { module: m } = subject;
  const test = declare(subject);

  test("wrong addresses", async () => {
    const cases: [family: number, address: unknown, error: string][] = [
      [m.AF_INET, ["127.0.0.1", 70000], "RangeError"],
      [m.AF_INET, ["127.0.0.1", -1], "RangeError"],
      [m.AF_INET, ["127.0.0.1", 65536], "RangeError"],
      [m.AF_INET, ["127.0.0.1", 1.5], "TypeError"],
      [m.AF_INET, ["127.0.0.1", "80"], "TypeError"],
      [m.AF_INET, ["127.0.0.1", NaN], "RangeError"],
      [m.AF_INET, ["127.0.0.1"], "TypeError"],
      [m.AF_INET, ["127.0.0.1", 80, 0, 0], "TypeError"],
      [m.AF_INET, ["127.0.0.1\0", 80], "TypeError"],
      [m.AF_INET, [127, 80], "TypeError"],
      [m.AF_INET, "127.0.0.1:80", "TypeError"],
      [m.AF_INET, "", "TypeError"],
      [m.AF_INET, null, "TypeError"],
      [m.AF_INET, undefined, "TypeError"],
      [m.AF_INET, { host: "127.0.0.1", port: 80 }, "TypeError"],
      [m.AF_INET, ["::1", 80], "gaierror"],
      [m.AF_INET6, ["127.0.0.1", 80], "gaierror"],
      [m.AF_INET6, ["::1", 70000], "RangeError"],
      [m.AF_INET6, ["::1", 80, -1], "RangeError"],
      [m.AF_INET6, ["::1", 80, 2 ** 20], "RangeError"],
      [m.AF_INET6, ["::1", 80, 0, 2 ** 32], "RangeError"],
      [m.AF_INET6, ["::1", 80, 0, 0, 0], "TypeError"],
      [m.AF_UNIX, ["127.0.0.1", 80], "TypeError"],
      [m.AF_UNIX, 80, "TypeError"],
      [m.AF_UNIX, "/tmp/" + "x".repeat(200), "OSError"],
    ];
    for (const [family, address, error] of cases) {
      using socket = m.socket(family);
      const before = socket.getsockname();
      const what = `${family} ${JSON.stringify(address)}`;
      for (const call of ["bind", "connect", "connect_ex"] as const) {
        assert.equal((await failure(() => socket[call](address as any)))?.name, error, `${call} ${what}`);
      }
      assert.deepEqual(socket.getsockname(), before);
      if (error === "OSError") continue;
      // The refused call has started nothing: the socket can still be bound.
      using free = place(m, family === m.AF_INET ? "IPv4" : family === m.AF_INET6 ? "IPv6" : "Unix");
      socket.bind(free.address);
      socket.close();
    }
  });

  test("wrong sizes, flags and data", async () => {
    using all = await Connected.open(m);
    const { client, peer } = all;
    await client.sendall("kept");
    const cases: [call: (socket: Socket) => unknown, error: string][] = [
      [(s) => s.recv(-1), "RangeError"],
      [(s) => s.recv(2 ** 31), "RangeError"],
      [(s) => s.recv(1.5), "TypeError"],
      [(s) => s.recv("1" as any), "TypeError"],
      [(s) => (s as any).recv(), "TypeError"],
      [(s) => s.recv(1, 0.5), "TypeError"],
      [(s) => s.recv(1, "x" as any), "TypeError"],
      [(s) => s.recv(1, 2 ** 40), "RangeError"],
      [(s) => s.recvfrom(-1), "RangeError"],
      [(s) => s.recv_into(new Uint8Array(4), -1), "RangeError"],
      [(s) => s.recv_into(new Uint8Array(4), 5), "RangeError"],
      [(s) => s.recv_into("text" as any), "TypeError"],
      [(s) => s.recv_into([1, 2] as any), "TypeError"],
      [(s) => s.recvfrom_into(new Uint8Array(4), 5), "RangeError"],
      [(s) => s.recvmsg(-1), "RangeError"],
      [(s) => s.recvmsg(1, -1), "RangeError"],
      [(s) => s.recvmsg_into([1] as any), "TypeError"],
      [(s) => s.recvmsg_into(null as any), "TypeError"],
      [(s) => s.send(1 as any), "TypeError"],
      [(s) => s.send(null as any), "TypeError"],
      [(s) => s.send([1, 2] as any), "TypeError"],
      [(s) => s.send("x", 0.5), "TypeError"],
      [(s) => s.sendall({} as any), "TypeError"],
      [(s) => s.sendmsg([1] as any), "TypeError"],
      [(s) => s.sendto("x", undefined as any), "TypeError"],
      [(s) => s.sendto("x", ["127.0.0.1", 70000]), "RangeError"],
      [(s) => s.shutdown(3), "OSError"],
      [(s) => s.shutdown(-1), "OSError"],
      [(s) => s.shutdown("x" as any), "TypeError"],
      [(s) => s.listen(1.5), "TypeError"],
      [(s) => s.settimeout(-1), "RangeError"],
      [(s) => s.settimeout(NaN), "RangeError"],
      [(s) => s.settimeout(Infinity), "RangeError"],
      [(s) => s.settimeout(1e20), "RangeError"],
      [(s) => s.settimeout("1" as any), "TypeError"],
      [(s) => s.settimeout(undefined as any), "TypeError"],
      [(s) => s.getsockopt(m.SOL_SOCKET, m.SO_TYPE, -1), "OSError"],
      [(s) => s.getsockopt("x" as any, 1), "TypeError"],
      [(s) => s.setsockopt(m.SOL_SOCKET, m.SO_KEEPALIVE, "x" as any), "TypeError"],
      [(s) => s.setsockopt(m.SOL_SOCKET, m.SO_KEEPALIVE, null as any), "TypeError"],
      [(s) => s.setsockopt(m.SOL_SOCKET, 12345, 1), "OSError"],
    ];
    for (const [call, error] of cases) {
      for (const socket of [peer, client]) {
        const thrown = await failure(() => call(socket));
        assert.equal(thrown?.name, error, `${call}: ${thrown}`);
      }
    }
    assert.equal(peer.gettimeout(), null);
    assert.equal(text(await receive(peer, 4)), "kept");
    await peer.sendall("answer");
    assert.equal(text(await receive(client, 6)), "answer");
  });

  test("wrong default timeouts change nothing", () => {
    for (const [timeout, error] of [[-1, "RangeError"], [NaN, "RangeError"], ["1", "TypeError"]] as const) {
      assert.throws(() => m.setdefaulttimeout(timeout as any), { name: error });
      assert.equal(m.getdefaulttimeout(), null);
    }
  });

  test("wrong sockets", () => {
    const cases: [args: unknown[], error: Record<string, string>][] = [
      [[9999], { code: "EAFNOSUPPORT" }],
      [[m.AF_INET, 99], { code: "EINVAL" }],
      [[m.AF_INET, m.SOCK_STREAM, m.IPPROTO_UDP], { code: "EPROTONOSUPPORT" }],
      [["2"], { name: "TypeError" }],
      [[m.AF_INET, "1"], { name: "TypeError" }],
      [[m.AF_INET, m.SOCK_STREAM, 0.5], { name: "TypeError" }],
      [[m.AF_INET, m.SOCK_STREAM, 0, -5], { name: "RangeError" }],
      [[m.AF_INET, m.SOCK_STREAM, 0, "5"], { name: "TypeError" }],
      [[m.AF_INET, m.SOCK_STREAM, 0, 999_999], { code: "EBADF" }],
      [[m.AF_INET, m.SOCK_STREAM, 0, 2 ** 31], { name: "RangeError" }],
    ];
    for (const [args, error] of cases) {
      assert.throws(() => (m.socket as any)(...args), error, JSON.stringify(args));
    }
    assert.throws(() => m.close(2 ** 31), RangeError);
    assert.throws(() => m.fromfd(2 ** 31, m.AF_INET, m.SOCK_STREAM), RangeError);
    // For this number the system's dup(2) fails. The number before is refused by socket() itself.
    assert.throws(() => m.socket(m.AF_INET, m.SOCK_STREAM, 0, -1), RangeError);
    assert.throws(() => m.fromfd(-1, m.AF_INET, m.SOCK_STREAM), { code: "EBADF" });
    using usual = m.socket(-1, -1, -1);
    assert.deepEqual([usual.family, usual.type, usual.proto], [m.AF_INET, m.SOCK_STREAM, 0]);
  });

  test("calls in a wrong state", async () => {
    using fresh = m.socket();
    await assert.rejects(fresh.accept(), { code: "EINVAL" });
    await assert.rejects(fresh.recv(1), { code: "ENOTCONN" });
    await assert.rejects(fresh.send("x"), { code: "EPIPE" });
    await assert.rejects(fresh.shutdown(m.SHUT_RDWR), { code: "ENOTCONN" });
    using all = await Connected.open(m);
    await assert.rejects(all.server.connect(all.address), { code: "EISCONN" });
    await assert.rejects(all.server.recv(1), { code: "ENOTCONN" });
    assert.throws(() => all.server.bind(["127.0.0.1", 0]), { code: "EINVAL" });
    await assert.rejects(all.client.accept(), { code: "EINVAL" });
    assert.throws(() => all.client.bind(["127.0.0.1", 0]), { code: "EINVAL" });
    assert.throws(() => all.client.listen(), { code: "EINVAL" });
  });
}
