// Multicast between two sockets of this machine: the kernel's defaults, and the options.

import assert from "node:assert/strict";
import * as udp from "../udp.ts";
import * as native from "../native.ts";
import { pythonTest, runPython } from "./_helpers.ts";
import { failure, text } from "./_datagrams.ts";

const GROUP = "239.192.7.11";
const GROUP6 = "ff01::7:11";
const linux = Deno.build.os === "linux";
/** Its number on Linux. */
const EADDRINUSE = 98;

/** A socket that has joined the group on the loopback interface, and one that sends multicasts there. */
function pair(): {
  listener: udp.Socket<udp.InetAddress>;
  speaker: udp.Socket<udp.InetAddress>;
  port: number;
  [Symbol.dispose](): void;
} {
  const [listener, speaker] = [udp.socket(), udp.socket()];
  for (const socket of [listener, speaker]) socket.settimeout(10);
  listener.bind(["", 0]);
  speaker.bind(["127.0.0.1", 0]);
  const port = listener.getsockname()[1];
  return {
    listener,
    speaker,
    port,
    [Symbol.dispose]() {
      listener.close();
      speaker.close();
    },
  };
}

Deno.test("a member of a group receives its datagrams, by default also from its own host", async () => {
  using sockets = pair();
  const { listener, speaker, port } = sockets;
  udp.join(listener, GROUP, "127.0.0.1");
  await speaker.sendto("to all", [GROUP, port]);
  const [data, address] = await listener.recvfrom(100);
  assert.equal(text(data), "to all");
  assert.deepEqual(address, speaker.getsockname());

  udp.leave(listener, GROUP, "127.0.0.1");
  await speaker.sendto("to nobody", [GROUP, port]);
  await speaker.sendto("to you", ["127.0.0.1", port]);
  assert.equal(text(await listener.recv(100)), "to you");
});

Deno.test("setsockopt accepts ip_mreq as Python packs it, also before bind", async () => {
  using sockets = pair();
  const { speaker } = sockets;
  using listener = udp.socket();
  listener.settimeout(10);
  const request = new Uint8Array([...GROUP.split(".").map(Number), 127, 0, 0, 1]);
  listener.setsockopt(udp.IPPROTO_IP, udp.IP_ADD_MEMBERSHIP, request);
  listener.bind(["", 0]);
  const [, port] = listener.getsockname();
  speaker.setsockopt(udp.IPPROTO_IP, udp.IP_MULTICAST_TTL, 3);
  await speaker.sendto("hello", [GROUP, port]);
  assert.equal(text(await listener.recv(100)), "hello");
});

// On the loopback interface a multicast datagram always comes back. On another interface, TTL 0 and the scope of ff01::
// keep it on this host.
const other4 = Deno.networkInterfaces().find((one) => one.family === "IPv4" && !one.address.startsWith("127."));
const other6 = Deno.networkInterfaces().find((one) => one.family === "IPv6" && one.address.startsWith("fe80:"));

Deno.test("IP_MULTICAST_LOOP decides whether the own host receives, before bind and after it", {
  ignore: other4 === undefined,
}, async () => {
  using listener = udp.socket();
  using speaker = udp.socket();
  listener.settimeout(10);
  listener.bind(["", 0]);
  const [, port] = listener.getsockname();
  udp.join(listener, GROUP, other4!.address);
  speaker.setsockopt(udp.IPPROTO_IP, udp.IP_MULTICAST_TTL, 0);
  speaker.setsockopt(udp.IPPROTO_IP, udp.IP_MULTICAST_LOOP, 0);
  speaker.bind([other4!.address, 0]);
  await speaker.sendto("unheard", [GROUP, port]);
  speaker.setsockopt(udp.IPPROTO_IP, udp.IP_MULTICAST_LOOP, 1);
  await speaker.sendto("heard", [GROUP, port]);
  assert.equal(text(await listener.recv(100)), "heard");
  speaker.setsockopt(udp.IPPROTO_IP, udp.IP_MULTICAST_LOOP, 0);
  await speaker.sendto("unheard", [GROUP, port]);
  await speaker.sendto("direct", [other4!.address, port]);
  assert.equal(text(await listener.recv(100)), "direct");
});

Deno.test("IPv6: groups by the index of an interface, and IPV6_MULTICAST_LOOP", {
  ignore: other6 === undefined,
}, async () => {
  const on = (other6 as { scopeid: number | null }).scopeid!;
  using listener = udp.socket(udp.AF_INET6);
  using speaker = udp.socket(udp.AF_INET6);
  listener.settimeout(10);
  listener.bind(["::", 0]);
  const [, port] = listener.getsockname();
  udp.join(listener, GROUP6, on);
  await speaker.sendto("to all six", [GROUP6, port, 0, on]);
  assert.equal(text(await listener.recv(100)), "to all six");
  speaker.setsockopt(udp.IPPROTO_IPV6, udp.IPV6_MULTICAST_LOOP, 0);
  await speaker.sendto("unheard", [GROUP6, port, 0, on]);
  speaker.setsockopt(udp.IPPROTO_IPV6, udp.IPV6_MULTICAST_LOOP, 1);
  await speaker.sendto("heard", [GROUP6, port, 0, on]);
  assert.equal(text(await listener.recv(100)), "heard");
  udp.leave(listener, GROUP6, on);
  assert.equal((await failure(() => udp.leave(listener, GROUP6, on))).code, "EADDRNOTAVAIL");
});

Deno.test("the helpers check their arguments before anything changes", async () => {
  using sockets = pair();
  const { listener } = sockets;
  assert.ok(await failure(() => udp.join(listener, "no.literal")) instanceof TypeError);
  assert.ok(await failure(() => udp.join(listener, GROUP, 1)) instanceof TypeError);
  assert.equal((await failure(() => udp.join(listener, "ff02::1"))).name, "gaierror");
  assert.equal((await failure(() => udp.join(listener, "10.0.0.1"))).code, "EINVAL");
  udp.join(listener, GROUP, "127.0.0.1");
  assert.equal((await failure(() => udp.join(listener, GROUP, "127.0.0.1"))).code, "EADDRINUSE");
});

Deno.test("SO_REUSEADDR before bind shares a port", async () => {
  using first = udp.socket();
  using second = udp.socket();
  for (const socket of [first, second]) socket.setsockopt(udp.SOL_SOCKET, udp.SO_REUSEADDR, 1);
  first.bind(["127.0.0.1", 0]);
  second.bind(first.getsockname());
  using third = udp.socket();
  assert.equal((await failure(() => third.bind(first.getsockname()))).code, "EADDRINUSE");
});

/** Joins a group and then joins it again. Only the kernel notices the mistake and reports it late. */
function joinInVain(socket: udp.Socket): void {
  // Two addresses of one interface.
  for (const on of ["127.0.0.1", "127.0.0.2"]) udp.join(socket, GROUP, on);
}

const BEHIND = "239.192.7.12";

Deno.test("a join that fails does not affect later joins", { ignore: !linux }, async () => {
  using sockets = pair();
  const { listener, speaker, port } = sockets;
  joinInVain(listener);
  udp.join(listener, BEHIND, "127.0.0.1");
  // It is sent after them.
  await listener.sendto("", speaker.getsockname());
  assert.equal(listener.getsockopt(udp.SOL_SOCKET, udp.SO_ERROR), EADDRINUSE);
  for (const group of [BEHIND, GROUP]) await speaker.sendto(`to ${group}`, [group, port]);
  await speaker.sendto("to you", ["127.0.0.1", port]);
  for (const group of [BEHIND, GROUP]) assert.equal(text(await listener.recv(100)), `to ${group}`);
});

Deno.test("a join that fails does not affect later options", { ignore: !linux }, async () => {
  const IP_RECVTTL = 12;
  using sockets = pair();
  const { speaker } = sockets;
  using listener = native.socket(native.AF_INET, native.SOCK_DGRAM);
  listener.settimeout(10);
  listener.bind(["", 0]);
  const [, port] = listener.getsockname();
  listener.setsockopt(native.IPPROTO_IP, IP_RECVTTL, 1);
  udp.join(listener, GROUP, "127.0.0.1");
  joinInVain(speaker);
  speaker.setsockopt(udp.IPPROTO_IP, udp.IP_MULTICAST_TTL, 7);
  await speaker.sendto("first", [GROUP, port]);
  assert.equal(speaker.getsockopt(udp.SOL_SOCKET, udp.SO_ERROR), EADDRINUSE);
  for (const word of ["first", "far"]) {
    if (word === "far") await speaker.sendto(word, [GROUP, port]);
    const [data, ancillary] = await listener.recvmsg(100, 100);
    assert.equal(text(data), word);
    assert.deepEqual(ancillary.map(([, , ttl]) => ttl[0]), [7]);
  }
});

pythonTest("python3 receives our multicasts with the TTL that was set, and we receive its multicasts", async () => {
  const program = `
import json, socket, struct, sys
group = sys.argv[1]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.bind(("", 0))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton("127.0.0.1"))
s.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL
print(json.dumps(s.getsockname()[1]))
for _ in range(2):
    data, ancillary, flags, address = s.recvmsg(100, 100)
    print(json.dumps([data.decode(), struct.unpack("@i", ancillary[0][2])[0]]))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
s.sendto(b"from python", (group, int(sys.stdin.readline())))
`;
  using sockets = pair();
  const { listener, speaker, port } = sockets;
  await using python = runPython(program, GROUP);
  const theirs = await python.json();
  await speaker.sendto("near", [GROUP, theirs]);
  assert.deepEqual(await python.json(), ["near", 1]);
  speaker.setsockopt(udp.IPPROTO_IP, udp.IP_MULTICAST_TTL, 7);
  await speaker.sendto("far", [GROUP, theirs]);
  assert.deepEqual(await python.json(), ["far", 7]);
  udp.join(listener, GROUP, "127.0.0.1");
  // Deno has joined the group before a datagram of this socket would be sent.
  await listener.sendto("", speaker.getsockname());
  await python.write(String(port));
  assert.equal(text(await listener.recv(100)), "from python");
  assert.equal((await python.end()).code, 0);
});
