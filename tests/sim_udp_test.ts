// Datagrams over simulated links: fragments, ICMP, multicast, broadcast, queues, and the faults of links.

import assert from "node:assert/strict";
import { simulate } from "../sim.ts";
import type { Host, Net } from "../sim.ts";
import type { Socket } from "../mod.ts";
import { failure } from "./sim/helpers.ts";

const decoder = new TextDecoder();

/** Opens a datagram socket on a host and binds it to a port. */
function datagrams({ socket }: Host, port = 0, family = socket.AF_INET): Socket {
  const sock = socket.socket(family, socket.SOCK_DGRAM);
  sock.bind(["", port]);
  return sock;
}

/** Receives all datagrams in the queue of a socket. */
async function received(sock: Socket): Promise<string[]> {
  sock.setblocking(false);
  const all: string[] = [];
  for (;;) {
    try {
      all.push(decoder.decode(await sock.recv(70_000)));
    } catch (error) {
      assert.equal((error as { code: string }).code, "EAGAIN");
      return all;
    }
  }
}

/** Adds two hosts. */
function pair(net: Net): [Host, Host] {
  return [net.host("a"), net.host("b")];
}

Deno.test("a closed port answers with ICMP, which is ECONNREFUSED on a connected socket only", async () => {
  for (const family of [2, 10]) {
    const run = await simulate({ link: { latency: 0.01 } }, async (net) => {
      const [a, b] = pair(net);
      const there = family === 2 ? "10.0.0.2" : "fd00::2";
      using connected = a.socket.socket(family, a.socket.SOCK_DGRAM);
      await connected.connect([there, 9]);
      await connected.send("anybody?");
      const [, , failed] = await a.socket.select([connected], [], [connected]);
      assert.equal(failed.length, 1);
      assert.equal((await failure(() => connected.recv(10))).code, "ECONNREFUSED");
      await connected.send("again?");
      await net.sleep(1);
      assert.equal((await failure(() => connected.send("x"))).code, "ECONNREFUSED");
      using free = a.socket.socket(family, a.socket.SOCK_DGRAM);
      await free.sendto("anybody?", [there, 9]);
      await net.sleep(1);
      assert.equal(free.getsockopt(a.socket.SOL_SOCKET, a.socket.SO_ERROR), 0);
      void b;
    });
    const [question, answer] = run.packets;
    assert.deepEqual([answer.protocol, answer.flags, answer.from, answer.to], ["ICMP", "port unreachable", "b", "a"]);
    assert.deepEqual([answer.sourcePort, answer.destinationPort], [9, question.sourcePort]);
  }
});

Deno.test("a long datagram travels in fragments, and one lost fragment loses it", async () => {
  const run = await simulate({ link: { latency: 0.01, mtu: 1500 } }, async (net) => {
    const [a, b] = pair(net);
    const [from, to] = [datagrams(a), datagrams(b, 9)];
    await from.sendto("x".repeat(5000), ["b", 9]);
    assert.equal((await to.recv(10_000)).length, 5000);
    assert.equal((await failure(() => from.sendto("x".repeat(65_508), ["b", 9]))).code, "EMSGSIZE");
    await from.sendto("x".repeat(65_507), ["b", 9]);
    assert.equal((await to.recv(70_000)).length, 65_507);
  });
  const first = run.packets.slice(0, 4);
  assert.deepEqual(first.map(({ flags }) => flags), ["fragment", "fragment", "fragment", "fragment"]);
  assert.equal(first.reduce((sum, { length }) => sum + length, 0), 5000);
  let whole = 0;
  const lossy = await simulate({ seed: 3, link: { loss: 0.2 } }, async (net) => {
    const [a, b] = pair(net);
    const [from, to] = [datagrams(a), datagrams(b, 9)];
    for (let n = 1; n <= 200; n++) {
      await from.sendto("x".repeat(4000), ["b", 9]);
      if (n % 20 > 0) continue;
      await net.sleep(1);
      whole += (await received(to)).filter((text) => text.length === 4000).length;
    }
  });
  // 0.8 to the third power.
  assert.ok(whole > 70 && whole < 135, `${whole}`);
  assert.ok(lossy.counts.lost > 80);
});

Deno.test("a full queue of a link drops fragments and datagrams, and the others keep their order", async () => {
  const run = await simulate({ link: { latency: 0.01, bandwidth: 100_000, queue: 5000 } }, async (net) => {
    const [a, b] = pair(net);
    const [from, to] = [datagrams(a), datagrams(b, 9)];
    for (let n = 0; n < 20; n++) await from.sendto(`${n}`.padEnd(972), ["b", 9]);
    await net.sleep(10);
    // Five packets of 1000 bytes, including the one that is being sent.
    assert.deepEqual((await received(to)).map((text) => text.trim()), ["0", "1", "2", "3", "4"]);
  });
  assert.equal(run.counts.dropped, 15);
  assert.deepEqual(run.packets.slice(0, 3).map(({ arrival }) => arrival), [0.02, 0.03, 0.04]);
});

Deno.test("queued bytes leave at a new bandwidth, and a cut discards them", async () => {
  const changes: [(net: Net) => void, number][] = [
    [(net) => net.link("a", "b", { bandwidth: 1e6 }), 5e-3],
    [(net) => net.link("a", "b", { bandwidth: 500 }), 10],
    [(net) => net.link("a", "b", { bandwidth: Infinity }), 0],
    [(net) => net.link("a", "b", { latency: 0 }), 5],
    [(net) => (net.partition("a", "b"), net.heal("a", "b"), net.link("a", "b", { bandwidth: 1e6 })), 1e-3],
  ];
  for (const [change, delay] of changes) {
    const run = await simulate({ link: { bandwidth: 1000, queue: 5000 } }, async (net) => {
      const [a, b] = pair(net);
      const [from] = [datagrams(a), datagrams(b, 9)];
      for (let n = 0; n < 4; n++) await from.sendto("x".repeat(972), ["b", 9]);
      change(net);
      await from.sendto("x".repeat(972), ["b", 9]);
      await net.sleep(20);
    });
    assert.deepEqual([run.packets[4].fate, run.packets[4].arrival], ["delivered", delay], String(change));
  }
});

Deno.test("loss, duplicates, reordering and jitter occur with the given probabilities", async () => {
  const count = 4000;
  const cases = [["loss", "lost", 0.25], ["duplicate", "duplicated", 0.25], ["reorder", "reordered", 0.25]] as const;
  for (const [option, counted, probability] of cases) {
    const run = await simulate({ link: { latency: 0.01, [option]: probability } }, async (net) => {
      const [a, b] = pair(net);
      const [from] = [datagrams(a), datagrams(b, 9)];
      for (let n = 0; n < count; n++) {
        await from.sendto("x", ["b", 9]);
        await net.sleep(0.001);
      }
      await net.sleep(1);
    });
    const share = run.counts[counted] / count;
    assert.ok(Math.abs(share / probability - 1) < 0.1, `${option}: ${share}`);
  }
  const run = await simulate({ link: { latency: 0.01, jitter: 0.005 } }, async (net) => {
    const [a, b] = pair(net);
    const [from] = [datagrams(a), datagrams(b, 9)];
    for (let n = 0; n < 1000; n++) await from.sendto("x", ["b", 9]);
    await net.sleep(1);
  });
  const delays = run.packets.map(({ arrival, time }) => arrival! - time);
  assert.ok(Math.min(...delays) >= 0.01 && Math.max(...delays) < 0.015);
  assert.ok(Math.max(...delays) - Math.min(...delays) > 0.0045);
  assert.ok(run.counts.reordered > 300);
});

Deno.test("a socket drops datagrams that do not fit into its queue", async () => {
  await simulate({}, async (net) => {
    const [a, b] = pair(net);
    const [from, to] = [datagrams(a), datagrams(b, 9)];
    to.setsockopt(b.socket.SOL_SOCKET, b.socket.SO_RCVBUF, 5000);
    for (let n = 0; n < 50; n++) await from.sendto("x".repeat(232), ["b", 9]);
    await net.sleep(1);
    // 10,000 bytes. Each datagram takes 1000 with its overhead.
    assert.equal((await received(to)).length, 10);
  });
});

Deno.test("a broadcast reaches all hosts, its own too, and needs SO_BROADCAST", async () => {
  await simulate({ link: { latency: 0.01 } }, async (net) => {
    const hosts = ["a", "b", "c"].map((name) => net.host(name));
    const socks = hosts.map((host) => datagrams(host, 9));
    using sender = datagrams(hosts[0]);
    assert.equal((await failure(() => sender.sendto("x", ["<broadcast>", 9]))).code, "EACCES");
    sender.setsockopt(hosts[0].socket.SOL_SOCKET, hosts[0].socket.SO_BROADCAST, 1);
    await sender.sendto("to all", ["<broadcast>", 9]);
    await net.sleep(1);
    for (const sock of socks) assert.deepEqual(await received(sock), ["to all"]);
  });
});

Deno.test("multicast: members receive it, IP_MULTICAST_LOOP and TTL 0 limit it, and leaving ends it", async () => {
  await simulate({ link: { latency: 0.01 } }, async (net) => {
    const [a, b] = pair(net);
    const { IPPROTO_IP, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_MULTICAST_LOOP, IP_MULTICAST_TTL } = a.socket;
    const group = "239.1.2.3";
    const request = new Uint8Array([239, 1, 2, 3, 0, 0, 0, 0]);
    const socks = [a, b, net.host("c")].map((host) => datagrams(host, 9));
    for (const sock of socks.slice(0, 2)) sock.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
    assert.throws(() => socks[0].setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, request), { code: "EADDRINUSE" });
    using sender = datagrams(a);
    await sender.sendto("one", [group, 9]);
    sender.setsockopt(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    await sender.sendto("two", [group, 9]);
    sender.setsockopt(IPPROTO_IP, IP_MULTICAST_LOOP, 1);
    sender.setsockopt(IPPROTO_IP, IP_MULTICAST_TTL, 0);
    await sender.sendto("three", [group, 9]);
    sender.setsockopt(IPPROTO_IP, IP_MULTICAST_TTL, 1);
    await net.sleep(1);
    assert.deepEqual(await received(socks[0]), ["one", "three"]);
    assert.deepEqual(await received(socks[1]), ["one", "two"]);
    assert.deepEqual(await received(socks[2]), []);
    socks[1].setsockopt(IPPROTO_IP, IP_DROP_MEMBERSHIP, request);
    await sender.sendto("four", [group, 9]);
    socks[0].close();
    await sender.sendto("five", [group, 9]);
    await net.sleep(1);
    assert.deepEqual(await received(socks[1]), []);
  });
});

Deno.test("multicast: a membership belongs to one interface, however that is named", async () => {
  await simulate({ link: { latency: 0.01 } }, async (net) => {
    const [a, b] = pair(net);
    const { IPPROTO_IP, IPPROTO_IPV6 } = a.socket;
    const { IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IPV6_JOIN_GROUP, IPV6_LEAVE_GROUP } = a.socket;
    const group = [239, 1, 2, 3];
    const [any, own, lo] = [[0, 0, 0, 0], [10, 0, 0, 2], [127, 0, 0, 1]].map((host) =>
      new Uint8Array([...group, ...host])
    );
    const sock = datagrams(b, 9);
    const join = (request: Uint8Array) => sock.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
    const leave = (request: Uint8Array) => sock.setsockopt(IPPROTO_IP, IP_DROP_MEMBERSHIP, request);
    join(any);
    assert.throws(() => join(own), { code: "EADDRINUSE" });
    leave(own);
    assert.throws(() => leave(any), { code: "EADDRNOTAVAIL" });
    // Datagrams of other hosts do not arrive on the loopback interface.
    join(lo);
    using sender = datagrams(a);
    await sender.sendto("remote", ["239.1.2.3", 9]);
    using local = datagrams(b);
    local.setsockopt(IPPROTO_IP, b.socket.IP_MULTICAST_IF, new Uint8Array([127, 0, 0, 1]));
    await local.sendto("local", ["239.1.2.3", 9]);
    await net.sleep(1);
    assert.deepEqual(await received(sock), ["local"]);
    // A datagram that arrives after the group was left is dropped.
    join(own);
    await sender.sendto("late", ["239.1.2.3", 9]);
    leave(any);
    await net.sleep(1);
    assert.deepEqual(await received(sock), []);
    const six = (index: number) =>
      new Uint8Array([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, index, 0, 0, 0]);
    using other = datagrams(b, 0, b.socket.AF_INET6);
    other.setsockopt(IPPROTO_IPV6, IPV6_JOIN_GROUP, six(1));
    // For IPv6, index 0 means any interface.
    assert.throws(() => other.setsockopt(IPPROTO_IPV6, IPV6_JOIN_GROUP, six(0)), { code: "EADDRINUSE" });
    other.setsockopt(IPPROTO_IPV6, IPV6_LEAVE_GROUP, six(0));
    other.setsockopt(IPPROTO_IPV6, IPV6_JOIN_GROUP, six(0));
    other.setsockopt(IPPROTO_IPV6, IPV6_LEAVE_GROUP, six(2));
  });
});

Deno.test("multicast: a socket of a crashed host does not end the membership of the restarted host", async () => {
  await simulate({ link: { latency: 0.01 } }, async (net) => {
    const [a, b] = pair(net);
    const { IPPROTO_IP, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP } = a.socket;
    const request = new Uint8Array([239, 1, 2, 3, 0, 0, 0, 0]);
    const old = datagrams(b, 9);
    old.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
    b.restart();
    const sock = datagrams(b, 9);
    sock.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
    old.setsockopt(IPPROTO_IP, IP_DROP_MEMBERSHIP, request);
    using sender = datagrams(a);
    await sender.sendto("x", ["239.1.2.3", 9]);
    await net.sleep(1);
    assert.deepEqual(await received(sock), ["x"]);
  });
});

Deno.test("multicast to the group of all hosts needs no join", async () => {
  await simulate({ link: { latency: 0.01 } }, async (net) => {
    const [a, b] = pair(net);
    for (const [family, group] of [[2, "224.0.0.1"], [10, "ff02::1"]] as const) {
      const socks = [a, b].map((host) => datagrams(host, 9, family));
      using sender = datagrams(a, 0, family);
      await sender.sendto("all", [group, 9]);
      await net.sleep(1);
      for (const sock of socks) {
        assert.deepEqual(await received(sock), ["all"], group);
        sock.close();
      }
    }
  });
});

Deno.test("multicast over IPv6, by the index of an interface", async () => {
  await simulate({ link: { latency: 0.01 } }, async (net) => {
    const [a, b] = pair(net);
    const { AF_INET6, IPPROTO_IPV6, IPV6_JOIN_GROUP } = a.socket;
    const listener = datagrams(b, 9, AF_INET6);
    const request = new Uint8Array([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 2, 0, 0, 0]);
    listener.setsockopt(IPPROTO_IPV6, IPV6_JOIN_GROUP, request);
    using sender = datagrams(a, 0, AF_INET6);
    await sender.sendto("six", ["ff02::1234", 9]);
    const [data, address] = await listener.recvfrom(10);
    assert.equal(decoder.decode(data), "six");
    assert.equal(address![0], "fd00::1");
    assert.deepEqual(a.socket.if_nameindex(), [[1, "lo"], [2, "eth0"]]);
  });
});

Deno.test("a connected socket receives only from its peer, and takes precedence over unconnected sockets", async () => {
  await simulate({ link: { latency: 0.01 } }, async (net) => {
    const [a, b] = pair(net);
    const c = net.host("c");
    const [one, two] = [a.socket.socket(2, 2), a.socket.socket(2, 2)];
    for (const sock of [one, two]) {
      sock.setsockopt(a.socket.SOL_SOCKET, a.socket.SO_REUSEADDR, 1);
      sock.bind(["", 9]);
    }
    await one.connect(["b", 9]);
    const [fromB, fromC] = [datagrams(b, 9), datagrams(c, 9)];
    await fromB.sendto("from b", ["a", 9]);
    await fromC.sendto("from c", ["a", 9]);
    await net.sleep(1);
    assert.deepEqual(await received(one), ["from b"]);
    assert.deepEqual(await received(two), ["from c"]);
  });
});

Deno.test("packets to an address that no host has are dropped without an error", async () => {
  const run = await simulate({ limit: 1000 }, async (net) => {
    const a = net.host("a");
    using sock = datagrams(a);
    await sock.sendto("x", ["192.0.2.77", 9]);
    const error = await failure(() => a.socket.create_connection(["192.0.2.77", 9], 3));
    assert.equal(error.name, "TimeoutError");
    // As in Linux, no packet leaves a host with a loopback address as its source.
    for (const type of [a.socket.SOCK_STREAM, a.socket.SOCK_DGRAM]) {
      using local = a.socket.socket(a.socket.AF_INET, type);
      local.bind(["127.0.0.1", 0]);
      assert.equal((await failure(() => local.connect(["192.0.2.77", 9]))).code, "EINVAL");
    }
    const four = net.host("four", { addresses: ["192.0.2.1"] });
    assert.equal((await failure(() => four.socket.create_connection(["fd00::1", 9]))).code, "ENETUNREACH");
  });
  assert.ok(run.packets.every(({ fate, to }) => fate === "dropped" && to === ""));
});

Deno.test("names: hosts look up all hosts, themselves as localhost, and the names of addresses", async () => {
  await simulate({}, async (net) => {
    const [a, b] = pair(net);
    const { socket } = a;
    assert.equal(socket.gethostname(), "a");
    assert.equal(await socket.gethostbyname("B"), "10.0.0.2");
    assert.equal(await socket.gethostbyname("b."), "10.0.0.2");
    assert.equal(await socket.gethostbyname("localhost"), "127.0.0.1");
    assert.deepEqual(await socket.getnameinfo(["10.0.0.2", 80], 0), ["b", "http"]);
    assert.deepEqual(
      (await socket.getaddrinfo("b", 80, 0, socket.SOCK_STREAM)).map(([family, , , , address]) => [family, address[0]]),
      [[socket.AF_INET, "10.0.0.2"], [socket.AF_INET6, "fd00::2"]],
    );
    assert.equal((await failure(() => socket.getaddrinfo("nobody", 80))).name, "gaierror");
    assert.equal((await failure(() => socket.create_connection(["nobody", 80]))).name, "gaierror");
    assert.deepEqual(b.addresses, ["10.0.0.2", "fd00::2"]);
    assert.equal(net.packets.length, 0);
  });
});

Deno.test("Unix sockets stay within their host", async () => {
  await simulate({}, async (net) => {
    const [a, b] = pair(net);
    const server = a.socket.socket(a.socket.AF_UNIX);
    server.bind("/run/service");
    server.listen();
    using client = a.socket.socket(a.socket.AF_UNIX);
    await client.connect("/run/service");
    using other = b.socket.socket(b.socket.AF_UNIX);
    assert.equal((await failure(() => other.connect("/run/service"))).code, "ENOENT");
    server.close();
    using again = a.socket.socket(a.socket.AF_UNIX);
    assert.throws(() => again.bind("/run/service"), { code: "EADDRINUSE" });
    assert.equal(a.unlink("/run/service"), true);
    again.bind("/run/service");
    assert.equal(net.packets.length, 0);
  });
});

Deno.test("unlink removes a path that is given as text or as bytes", async () => {
  await simulate({}, (net) => {
    const [a] = pair(net);
    const text = "/run/service";
    const bytes = new TextEncoder().encode(text);
    const notText = new Uint8Array([47, 255]);
    for (const [bound, removed] of [[text, bytes], [bytes, bytes], [bytes, text], [notText, notText.slice()]]) {
      using server = a.socket.socket(a.socket.AF_UNIX);
      server.bind(bound);
      assert.deepEqual([a.unlink(removed), a.unlink(removed)], [true, false]);
    }
  });
});

Deno.test("features that the simulation does not have throw the kernel's error, which names the native backend", async () => {
  await simulate({}, async (net) => {
    const { socket } = net.host("a");
    const native = /native/;
    for (
      const [family, type] of [[socket.AF_INET, socket.SOCK_RAW], [socket.AF_UNIX, socket.SOCK_SEQPACKET], [17, 3]]
    ) {
      assert.throws(() => socket.socket(family, type), native);
    }
    using sock = socket.socket();
    assert.throws(() => sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 1), {
      code: "ENOPROTOOPT",
      message: native,
    });
    const [one] = await socket.socketpair();
    const rights = new Uint8Array(4);
    const error = await failure(() => one.sendmsg(["x"], [[socket.SOL_SOCKET, socket.SCM_RIGHTS, rights]]));
    assert.equal(error.code, "EOPNOTSUPP");
    assert.match(error.message, native);
    const urgent = await failure(() => one.send("x", socket.MSG_OOB));
    assert.equal(urgent.code, "EOPNOTSUPP");
  });
});

Deno.test("with all ports taken, connect and sendto of an unbound socket fail with EAGAIN, as in Linux", async () => {
  await simulate({}, async (net) => {
    const { socket } = net.host("a");
    const open = () => socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    for (let port = 32768; port <= 60999; port++) open().bind(["", port]);
    for (const call of ["connect", "sendto"]) {
      const error = await failure(() => call === "connect" ? open().connect(["", 9]) : open().sendto("x", ["", 9]));
      assert.equal(error.code, "EAGAIN", call);
    }
  });
});
