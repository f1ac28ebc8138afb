// Families and types that only the kernel has, compared with CPython where CPython supports them.

import assert from "node:assert/strict";
import * as socket from "../native.ts";
import { failure, settled, staysPending } from "./conformance/fixtures.ts";
import { askPython, hasPython, pythonTest, runPython, TemporaryDirectory } from "./_helpers.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const root = Deno.uid() === 0;
if (!root) {
  if (Deno.env.get("CI") === "true") throw new Error("not root, and CI skips nothing");
  console.log("not root: the tests of raw and packet sockets are skipped");
}

function rootTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !root, fn });
}

/** An echo request; see RFC 792. */
function ping(sequence: number): Uint8Array {
  const packet = new Uint8Array([8, 0, 0, 0, 0x12, 0x34, 0, sequence, ...new TextEncoder().encode("ping")]);
  let sum = 0;
  for (let i = 0; i < packet.length; i += 2) sum += packet[i] << 8 | packet[i + 1];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  new DataView(packet.buffer).setUint16(2, ~sum & 0xffff);
  return packet;
}

rootTest("native: a raw ICMP socket pings the loopback interface", async () => {
  using raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP);
  raw.settimeout(5);
  await raw.sendto(ping(1), ["127.0.0.1", 0]);
  for (let packets = 0;; packets++) {
    assert(packets < 10_000, "it is not among what others send");
    const [packet, address] = await raw.recvfrom(1500);
    assert.deepEqual(address, ["127.0.0.1", 0]);
    const reply = packet.subarray((packet[0] & 15) * 4);
    // The socket receives the request too. 8 is a request, 0 is the reply.
    if (reply[0] !== 0 || reply[4] !== 0x12 || reply[5] !== 0x34) continue;
    assert.equal(text(reply.subarray(8)), "ping");
    break;
  }
});

rootTest("native: IP_HDRINCL lets the program write the IP header", async () => {
  using receiver = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP);
  using sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW);
  sender.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1);
  assert.equal(sender.getsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL), 1);
  const icmp = ping(2);
  const packet = new Uint8Array(20 + icmp.length);
  packet.set([0x45, 0, 0, packet.length, 0, 0, 0, 0, 33, socket.IPPROTO_ICMP, 0, 0, 127, 0, 0, 9, 127, 0, 0, 1]);
  packet.set(icmp, 20);
  receiver.settimeout(5);
  await sender.sendto(packet, ["127.0.0.1", 0]);
  for (let packets = 0;; packets++) {
    assert(packets < 10_000, "it is not among what others send");
    const [heard, address] = await receiver.recvfrom(1500);
    if (address[0] !== "127.0.0.9") continue;
    assert.equal(heard[8], 33, "the TTL that was written");
    break;
  }
});

rootTest("native: an AF_PACKET socket returns its address, and receives frames on the loopback interface", async () => {
  using all = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(socket.ETH_P_ALL));
  all.bind(["lo", socket.ETH_P_ALL]);
  const [name, protocol, , hardware, address] = all.getsockname() as [string, number, number, number, Uint8Array];
  assert.deepEqual([name, protocol, hardware, address], ["lo", socket.ETH_P_ALL, 772, new Uint8Array(6)]);
  // Uses a frame type that is reserved for experiments, so that no other traffic can fill the queue.
  const type = 0x88b5;
  using sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(type));
  sniffer.bind(["lo", type]);
  sniffer.settimeout(10);
  using sender = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0);
  const marker = crypto.randomUUID();
  await sender.sendto(marker, ["lo", type, 0, 772, new Uint8Array(6)]);
  for (let packets = 0;; packets++) {
    assert(packets < 10_000, "it is not among what others send");
    const [frame, from] = await sniffer.recvfrom(65536);
    if (!text(frame).endsWith(marker)) continue;
    assert.equal(frame.length, 14 + marker.length);
    assert.deepEqual(from.slice(0, 2), ["lo", type]);
    break;
  }
});

rootTest('native: an AF_PACKET socket is bound to an interface by its name, and "" is none', async () => {
  using packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5));
  packets.bind(["lo", 0x88b5]);
  for (const name of ["", "nosuchinterface"]) {
    assert.throws(() => packets.bind([name, 0]), { code: "ENODEV" }, name);
    await assert.rejects(packets.sendto("x", [name, 0x88b5]), { code: "ENODEV" }, name);
  }
  assert.equal(packets.getsockname()[0], "lo");
});

Deno.test("native: abstract names, autobind, and names that are not UTF-8", async () => {
  using server = socket.socket(socket.AF_UNIX);
  const name = `\0berkeley ${crypto.randomUUID()}`;
  server.bind(name);
  server.listen();
  assert.equal(server.getsockname(), name);
  using client = socket.socket(socket.AF_UNIX);
  client.bind("");
  const own = client.getsockname() as string;
  assert.match(own, /^\0[0-9a-f]{5}$/);
  await client.connect(name);
  const [peer, address] = await server.accept();
  assert.equal(address, own);
  assert.equal(client.getpeername(), name);
  peer.close();

  using strange = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
  const bytes = new Uint8Array([0, 0xff, 0xfe, 0, 7]);
  strange.bind(bytes);
  assert.deepEqual(strange.getsockname(), bytes);
});

Deno.test("native: IPv6, flow and scope", async () => {
  using server = socket.socket(socket.AF_INET6);
  server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0);
  server.bind(["::", 0]);
  server.listen();
  const [, port] = server.getsockname();
  using four = socket.socket();
  await four.connect(["127.0.0.1", port]);
  const [mapped, address] = await server.accept();
  assert.deepEqual(address, ["::ffff:127.0.0.1", four.getsockname()[1], 0, 0]);
  mapped.close();
  using six = socket.socket(socket.AF_INET6);
  await six.connect(["::1", port, 0, 0]);
  assert.deepEqual(six.getpeername(), ["::1", port, 0, 0]);
});

Deno.test("native: AF_NETLINK answers", async () => {
  using netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE);
  netlink.bind([0, 0]);
  const [pid, groups] = netlink.getsockname() as [number, number];
  assert(pid > 0 && groups === 0);
  // RTM_GETLINK with NLM_F_REQUEST | NLM_F_DUMP, and a struct ifinfomsg of zeros.
  const request = new DataView(new ArrayBuffer(32));
  request.setUint32(0, 32, true);
  request.setUint16(4, 18, true);
  request.setUint16(6, 0x301, true);
  await netlink.sendto(request, [0, 0]);
  const [answer, from] = await netlink.recvfrom(65536);
  assert.deepEqual(from, [0, 0]);
  assert.equal(new DataView(answer.buffer, answer.byteOffset).getUint16(4, true), 16, "RTM_NEWLINK");
});

Deno.test("native: a send to a full netlink receiver continues when the receiver has read", async () => {
  const open = () => {
    const netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_USERSOCK);
    netlink.bind([0, 0]);
    return netlink;
  };
  using receiver = open();
  using sender = open();
  receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096);
  const address = receiver.getsockname() as [number, number];
  // The kernel calls the sender writable in any case, and reports no event when there is space.
  sender.setblocking(false);
  let sent = 0;
  for (const data = new Uint8Array(512);; sent++) {
    const error = await failure(() => sender.sendto(data, address));
    if (error === null) continue;
    assert.equal(error.code, "EAGAIN");
    break;
  }
  assert.deepEqual(await socket.select([], [sender], [], 0), [[], [sender], []]);
  sender.setblocking(true);
  const sending = sender.sendto("last", address);
  await staysPending(sending);
  for (let received = 0; received < sent; received++) await receiver.recv(1000);
  assert.equal(await settled(sending), 4);
  assert.equal(text(await receiver.recv(1000)), "last");
});

Deno.test("native: bind before connect, and the kernel's own errno", async () => {
  using server = socket.create_server(["127.0.0.1", 0]);
  using client = socket.socket();
  client.bind(["127.0.0.5", 0]);
  const bound = client.getsockname();
  await client.connect(server.getsockname());
  const [peer, address] = await server.accept();
  assert.deepEqual(address, bound);
  peer.close();
  assert.throws(() => socket.socket(socket.AF_INET, socket.SOCK_RDM), { code: "ESOCKTNOSUPPORT" });
  assert.throws(() => socket.socket(9999), { code: "EAFNOSUPPORT" });
  assert.throws(() => client.bind(["127.0.0.1", 0]), { code: "EINVAL" });
});

Deno.test("native: TCP_INFO and options as bytes", async () => {
  const [a, b] = await socket.socketpair();
  using server = socket.create_server(["127.0.0.1", 0]);
  using client = socket.socket();
  await client.connect(server.getsockname());
  const info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104);
  assert.equal(info[0], 1, "ESTABLISHED");
  client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, new Int32Array([1, 3]));
  assert.deepEqual(
    new Int32Array(client.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8).slice().buffer),
    new Int32Array([1, 3]),
  );
  const [pid, uid] = new Int32Array(b.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12).slice().buffer);
  assert.deepEqual([pid, uid], [Deno.pid, Deno.uid()]);
  // Otherwise its close would go on, on another thread, until the peer has answered.
  client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, new Int32Array([0, 0]));
  a.close();
  b.close();
});

pythonTest("native: addresses have CPython's form", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.fresh();
  const told = await askPython(
    `
import json, socket, sys
def names(family, address):
    sk = socket.socket(family, socket.SOCK_DGRAM)
    before = sk.getsockname()
    sk.bind(address)
    after = sk.getsockname()
    return [before, after[:1] + (0,) + after[2:] if isinstance(after, tuple) else after]
print(json.dumps([names(socket.AF_INET, ("127.0.0.1", 0)), names(socket.AF_INET6, ("::1", 0)), names(socket.AF_UNIX, sys.argv[1])]))
`,
    path,
  );
  Deno.removeSync(path);
  const names = (family: number, address: any) => {
    using sock = socket.socket(family, socket.SOCK_DGRAM);
    const before = sock.getsockname();
    sock.bind(address);
    const after = sock.getsockname() as any;
    return [before, Array.isArray(after) ? after.with(1, 0) : after];
  };
  assert.deepEqual(
    [
      names(socket.AF_INET, ["127.0.0.1", 0]),
      names(socket.AF_INET6, ["::1", 0]),
      names(socket.AF_UNIX, path),
    ],
    told,
  );
});

pythonTest("native: descriptors pass to a CPython process and back", async () => {
  using directory = new TemporaryDirectory();
  using server = socket.socket(socket.AF_UNIX);
  const path = directory.fresh();
  server.bind(path);
  server.listen();
  await using python = runPython(
    `
import array, socket, sys
sk = socket.socket(socket.AF_UNIX)
sk.connect(sys.argv[1])
data, fds, flags, address = socket.recv_fds(sk, 100, 4)
passed = socket.socket(fileno=fds[0])
passed.sendall(b"written by python")
passed.close()
r, w = socket.socketpair()
w.sendall(b"from a socket of python")
socket.send_fds(sk, [b"back"], [r.fileno()])
sk.recv(1)
`,
    path,
  );
  const [conn] = await server.accept();
  const [mine, its] = await socket.socketpair();
  await socket.send_fds(conn, ["take this"], [its.fileno()]);
  its.close();
  assert.equal(text(await mine.recv(100)), "written by python");
  const [data, fds] = await socket.recv_fds(conn, 100, 4);
  assert.equal(text(data), "back");
  using theirs = socket.socket(-1, -1, -1, fds[0]);
  assert.equal(text(await theirs.recv(100)), "from a socket of python");
  mine.close();
  conn.close();
  await python.end();
});

/** Whether the kernel supports vsock. */
function hasVsock(): boolean {
  try {
    socket.socket(socket.AF_VSOCK).close();
    return true;
  } catch {
    return false;
  }
}

if (!hasVsock()) console.log("no vsock in this kernel: the test of its options is skipped");

Deno.test({
  name: "native: AF_VSOCK's options have 64 bits, as in CPython",
  ignore: !hasPython() || !hasVsock(),
  fn: async () => {
    const names = ["SIZE", "MIN_SIZE", "MAX_SIZE"] as const;
    const theirs = await askPython(`
import json, socket
s = socket.socket(socket.AF_VSOCK)
ask = lambda: [s.getsockopt(socket.AF_VSOCK, getattr(socket, "SO_VM_SOCKETS_BUFFER_" + n)) for n in ("SIZE", "MIN_SIZE", "MAX_SIZE")]
answers = [ask()]
s.setsockopt(socket.AF_VSOCK, socket.SO_VM_SOCKETS_BUFFER_MAX_SIZE, 2**33)
s.setsockopt(socket.AF_VSOCK, socket.SO_VM_SOCKETS_BUFFER_SIZE, 2**32 + 5)
answers += [ask(), s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)]
print(json.dumps(answers))
`);
    using sock = socket.socket(socket.AF_VSOCK);
    const ask = () => names.map((name) => sock.getsockopt(socket.AF_VSOCK, socket[`SO_VM_SOCKETS_BUFFER_${name}`]));
    const ours: unknown[] = [ask()];
    sock.setsockopt(socket.AF_VSOCK, socket.SO_VM_SOCKETS_BUFFER_MAX_SIZE, 2 ** 33);
    sock.setsockopt(socket.AF_VSOCK, socket.SO_VM_SOCKETS_BUFFER_SIZE, 2 ** 32 + 5);
    ours.push(ask(), sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE));
    assert.deepEqual(ours, theirs);
    const { SO_VM_SOCKETS_BUFFER_SIZE } = socket;
    const bytes = sock.getsockopt(socket.AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, 8);
    assert.deepEqual(bytes, new Uint8Array(new BigUint64Array([2n ** 32n + 5n]).buffer));
    assert.throws(() => sock.setsockopt(socket.AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, 1.5), TypeError);
    assert.throws(() => sock.setsockopt(socket.AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, 2 ** 53), RangeError);
  },
});
