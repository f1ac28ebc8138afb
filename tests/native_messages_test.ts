// Messages with more than data: descriptors, record boundaries, urgent bytes, network errors.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as socket from "../native.ts";
import { select } from "../select.ts";
import { askPython, pythonTest } from "./_helpers.ts";
import { Connected, settled, staysPending } from "./conformance/fixtures.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const openDescriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
const bytes = (words: string) => new TextEncoder().encode(words);

async function tcpPair(): Promise<[socket.Socket, socket.Socket]> {
  using server = socket.socket();
  server.bind(["127.0.0.1", 0]);
  server.listen();
  const client = socket.socket();
  await client.connect(server.getsockname());
  const [peer] = await server.accept();
  return [client, peer];
}

Deno.test("native: SOCK_SEQPACKET keeps record boundaries", async () => {
  const [a, b] = await socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET);
  using _a = a;
  using _b = b;
  await a.send("first");
  await a.send("");
  await a.send("a longer one");
  assert.equal(text(await b.recv(100)), "first");
  assert.equal(text(await b.recv(100)), "");
  const [data, ancillary, flags] = await b.recvmsg(4);
  assert.equal(text(data), "a lo");
  assert.deepEqual(ancillary, []);
  assert.equal(flags & socket.MSG_TRUNC, socket.MSG_TRUNC);
});

Deno.test("native: SCM_RIGHTS passes descriptors, which are closed on exec", async () => {
  const [a, b] = await socket.socketpair();
  const [inner, other] = await socket.socketpair();
  using _all = new DisposableStack();
  for (const sock of [a, b, inner, other]) _all.use(sock);
  const rights = new Uint8Array(new Int32Array([inner.fileno(), inner.fileno()]).buffer);
  await a.sendmsg(["he", "llo"], [[socket.SOL_SOCKET, socket.SCM_RIGHTS, rights]]);
  const [data, ancillary, flags] = await b.recvmsg(10, socket.CMSG_SPACE(8));
  assert.equal(text(data), "hello");
  assert.equal(flags, 0);
  const [[level, type, payload]] = ancillary;
  assert.deepEqual([level, type, payload.length], [socket.SOL_SOCKET, socket.SCM_RIGHTS, 8]);
  const fds = new Int32Array(payload.slice().buffer);
  for (const fd of fds) {
    assert(fd > 2 && fd !== inner.fileno());
    assert.match(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`), /flags:\s+02/, "O_CLOEXEC");
  }
  using copy = socket.socket(-1, -1, -1, fds[0]);
  assert.deepEqual([copy.family, copy.type, copy.proto], [socket.AF_UNIX, socket.SOCK_STREAM, 0]);
  await copy.sendall("through a passed descriptor");
  assert.equal(text(await other.recv(100)), "through a passed descriptor");
  socket.close(fds[1]);
});

Deno.test("native: ancillary data that does not fit is truncated, and MSG_CTRUNC is set", async () => {
  const [a, b] = await socket.socketpair();
  using _a = a;
  using _b = b;
  const rights = new Uint8Array(new Int32Array([a.fileno()]).buffer);
  await a.sendmsg(["x"], [[socket.SOL_SOCKET, socket.SCM_RIGHTS, rights]]);
  const [data, ancillary, flags] = await b.recvmsg(10);
  assert.equal(text(data), "x");
  assert.deepEqual(ancillary, []);
  assert.equal(flags & socket.MSG_CTRUNC, socket.MSG_CTRUNC);
});

Deno.test("native: recvmsg takes the largest size for ancillary data, as CPython does", async () => {
  const [a, b] = await socket.socketpair();
  using _a = a;
  using _b = b;
  const rights = new Uint8Array(new Int32Array([a.fileno()]).buffer);
  await a.sendmsg(["x"], [[socket.SOL_SOCKET, socket.SCM_RIGHTS, rights]]);
  const [data, [[level, type, payload]], flags] = await b.recvmsg(10, 2 ** 31 - 1);
  assert.deepEqual([text(data), level, type, flags], ["x", socket.SOL_SOCKET, socket.SCM_RIGHTS, 0]);
  socket.close(new Int32Array(payload.slice().buffer)[0]);
});

Deno.test("native: select reports MSG_OOB data as exceptional, and recv with MSG_OOB returns it", async () => {
  const [client, peer] = await tcpPair();
  using _client = client;
  using _peer = peer;
  assert.deepEqual(await select([], [], [peer], 0), [[], [], []]);
  const urgent = select([], [], [peer]);
  await client.send("!", socket.MSG_OOB);
  assert.deepEqual(await urgent, [[], [], [peer]]);
  await client.sendall("data");
  assert.equal(text(await peer.recv(1, socket.MSG_OOB)), "!");
  await assert.rejects(peer.recv(1, socket.MSG_OOB), { code: "EINVAL" });
  assert.equal(text(await peer.recv(10)), "data");
});

Deno.test("native: reads that stop at urgent data lose none of the data after it", async () => {
  const [client, peer] = await tcpPair();
  using _client = client;
  using _peer = peer;
  const waiting = peer.recv(100);
  await client.sendall("a");
  assert.equal(text(await waiting), "a");
  await client.sendall("before");
  await client.send("!", socket.MSG_OOB);
  await client.sendall("behind");
  client.shutdown(socket.SHUT_WR);
  let all = "";
  for (;;) {
    const data = await peer.recv(100);
    if (data.length === 0) break;
    all += text(data);
  }
  assert.equal(all, "beforebehind");
});

Deno.test("native: MSG_WAITALL waits for all bytes, and a call that is given up loses nothing", async () => {
  const [client, peer] = await tcpPair();
  using _client = client;
  using _peer = peer;
  const whole = peer.recv(6, socket.MSG_WAITALL);
  await client.sendall("abc");
  await select([], [], [], 0.01);
  await client.sendall("def");
  assert.equal(text(await whole), "abcdef");

  const view = new Uint8Array(6);
  await client.sendall("ghi");
  const signal = AbortSignal.timeout(20);
  await assert.rejects(peer.recv_into(view, 6, socket.MSG_WAITALL, { signal }), { name: "TimeoutError" });
  assert.deepEqual(await select([peer], [], [], 0), [[peer], [], []]);
  assert.equal(text(await peer.recv(2, socket.MSG_PEEK)), "gh");
  assert.equal(text(await peer.recv(2)), "gh");
  await client.sendall("jkl");
  assert.equal(await peer.recv_into(view, 4, socket.MSG_WAITALL), 4);
  assert.equal(text(view.subarray(0, 4)), "ijkl");

  await client.sendall("end");
  client.close();
  assert.equal(text(await peer.recv(100, socket.MSG_WAITALL)), "end");
  assert.equal((await peer.recv(100, socket.MSG_WAITALL)).length, 0);
});

Deno.test("native: MSG_WAITALL with MSG_PEEK waits and removes nothing", async () => {
  const [client, peer] = await tcpPair();
  using _client = client;
  using _peer = peer;
  const peeked = peer.recv(6, socket.MSG_WAITALL | socket.MSG_PEEK);
  await client.sendall("abc");
  await select([], [], [], 0.01);
  await client.sendall("def");
  assert.equal(text(await peeked), "abcdef");
  assert.equal(text(await peer.recv(6)), "abcdef");
});

Deno.test("native: MSG_TRUNC on TCP discards the bytes, and returns none of another socket", async () => {
  const [a, b] = await socket.socketpair();
  using _a = a;
  using _b = b;
  const [client, peer] = await tcpPair();
  using _client = client;
  using _peer = peer;
  await client.sendall("x".repeat(54));
  await peer.recv(54, socket.MSG_WAITALL | socket.MSG_PEEK);
  /** Leaves data of another socket in the memory that receives share. */
  const receiveElsewhere = async () => {
    await a.sendall("secret secret");
    await b.recv(100);
    await a.sendmsg(["secret secret"]);
    await b.recvmsg(100);
  };
  const nothing = new Uint8Array(10);
  for (const flags of [socket.MSG_TRUNC, socket.MSG_TRUNC | socket.MSG_PEEK]) {
    await receiveElsewhere();
    assert.deepEqual(await peer.recv(10, flags), nothing);
    await receiveElsewhere();
    assert.deepEqual((await peer.recvfrom(10, flags))[0], nothing);
    await receiveElsewhere();
    assert.deepEqual((await peer.recvmsg(10, 0, flags))[0], nothing);
    await receiveElsewhere();
    const views = [bytes("ab"), bytes("cdefghijkl")];
    assert.equal((await peer.recvmsg_into(views, 0, flags))[0], 12);
    assert.equal(views.map(text).join(""), "abcdefghijkl");
  }
  assert.equal(text(await peer.recv(100)), "x".repeat(12));
});

Deno.test("native: a MSG_WAITALL of more bytes than the shared buffers hold returns them in one piece", async () => {
  const [client, peer] = await tcpPair();
  using _client = client;
  using _peer = peer;
  const data = new Uint8Array(5_000_000).map((_, i) => i * 31);
  const [received] = await Promise.all([peer.recv(data.length, socket.MSG_WAITALL), client.sendall(data)]);
  assert.equal(Buffer.compare(received, data), 0);
});

Deno.test("native: MSG_ERRQUEUE returns the error of a datagram", async () => {
  using closed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  closed.bind(["127.0.0.1", 0]);
  const address = closed.getsockname();
  closed.close();
  using udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  const IP_RECVERR = 11;
  udp.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1);
  await assert.rejects(udp.recvmsg(10, 512, socket.MSG_ERRQUEUE), { code: "EAGAIN" });
  await udp.sendto("nobody there", address);
  assert.deepEqual(await select([], [], [udp], 5), [[], [], [udp]]);
  const [data, ancillary, flags, to] = await udp.recvmsg(100, 512, socket.MSG_ERRQUEUE);
  assert.equal(text(data), "nobody there");
  assert.equal(flags & socket.MSG_ERRQUEUE, socket.MSG_ERRQUEUE);
  assert.deepEqual(to, address);
  const [[level, type, error]] = ancillary;
  assert.deepEqual([level, type], [socket.IPPROTO_IP, IP_RECVERR]);
  // struct sock_extended_err begins with the errno, ECONNREFUSED.
  assert.equal(new DataView(error.buffer, error.byteOffset).getUint32(0, true), 111);
});

Deno.test("native: sendmsg gathers, recvmsg scatters, and both pass addresses and control messages", async () => {
  using receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  receiver.bind(["127.0.0.1", 0]);
  const IP_RECVTTL = 12, IP_TTL = 2;
  receiver.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1);
  using sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  const ttl = new Uint8Array(new Int32Array([7]).buffer);
  await sender.sendmsg(["one ", "two ", bytes("three")], [[socket.IPPROTO_IP, IP_TTL, ttl]], 0, receiver.getsockname());
  const views = [new Uint8Array(3), new Uint8Array(0), new Uint8Array(100)];
  const [length, ancillary, , from] = await receiver.recvmsg_into(views, 64);
  assert.equal(text(views[0]) + text(views[2].subarray(0, length - 3)), "one two three");
  assert.deepEqual(ancillary, [[socket.IPPROTO_IP, IP_TTL, ttl]]);
  assert.equal(from![1], sender.getsockname()[1]);
});

Deno.test("native: sendmsg refuses MSG_ZEROCOPY, because messages share their memory", async () => {
  const [client, peer] = await tcpPair();
  using _client = client;
  using _peer = peer;
  const SO_ZEROCOPY = 60, MSG_ZEROCOPY = 0x4000000;
  client.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1);
  const refused = { name: "OSError", code: "EOPNOTSUPP", message: /MSG_ZEROCOPY.*use send/ };
  await assert.rejects(client.sendmsg(["data"], [], MSG_ZEROCOPY), refused);
  const data = bytes("from the caller's memory");
  assert.equal(await client.send(data, MSG_ZEROCOPY), data.length);
  assert.deepEqual(await peer.recv(data.length, socket.MSG_WAITALL), data);
  // The kernel reports that it has released the memory.
  assert.deepEqual(await select([], [], [client], 5), [[], [], [client]]);
});

Deno.test("native: a send with MSG_ZEROCOPY refuses a string, whose bytes are in no memory of the program", async () => {
  const [client, peer] = await tcpPair();
  using _client = client;
  using _peer = peer;
  const MSG_ZEROCOPY = 0x4000000;
  const refused = { name: "TypeError", message: /MSG_ZEROCOPY.*pass bytes/ };
  await assert.rejects(client.send("data", MSG_ZEROCOPY), refused);
  await assert.rejects(client.sendall("data", MSG_ZEROCOPY), refused);
  await assert.rejects(client.sendto("data", MSG_ZEROCOPY, peer.getsockname()), refused);
  assert.equal(await client.send("data"), 4);
  assert.equal(text(await peer.recv(10)), "data");
});

Deno.test("native: descriptors that arrived with data that was not received are closed", async () => {
  const [a, b] = await socket.socketpair();
  using _a = a;
  // The reactor's own descriptors are opened by the first wait and stay open.
  const first = b.recv(1);
  await staysPending(first);
  await a.sendall("x");
  await first;
  const before = openDescriptors();
  const unclaimed: Record<string, () => Promise<number>> = {
    recv: async () => (await b.recv(4, socket.MSG_WAITALL)).length,
    recv_into: () => b.recv_into(new Uint8Array(4), 4, socket.MSG_WAITALL),
    recvfrom: async () => (await b.recvfrom(4, socket.MSG_WAITALL))[0].length,
    "recvmsg without room": async () => (await b.recvmsg(4, 0, socket.MSG_WAITALL))[0].length,
  };
  for (const [name, receive] of Object.entries(unclaimed)) {
    for (const data of ["he", "llo"]) await socket.send_fds(a, [data], [a.fileno(), b.fileno()]);
    assert.equal(await receive(), 2, name);
    assert.equal(await receive(), 3, name);
    assert.equal(openDescriptors(), before, name);
  }
  // Two descriptors are sent, and one of them is received.
  await socket.send_fds(a, ["he"], [a.fileno(), b.fileno()]);
  const [, fds] = await socket.recv_fds(b, 4, 1, socket.MSG_WAITALL);
  assert.equal(fds.length, 1);
  assert.equal(openDescriptors(), before + 1);
  socket.close(fds[0]);
  // A call that was given up has left bytes in the buffer. The descriptors that end the next receive do not belong to
  // them.
  await a.sendall("a");
  const limits = { signal: AbortSignal.timeout(5) };
  await assert.rejects(b.recvmsg(4, socket.CMSG_SPACE(4), socket.MSG_WAITALL, limits), { name: "TimeoutError" });
  await socket.send_fds(a, ["b"], [a.fileno()]);
  assert.equal(text(await b.recv(4, socket.MSG_WAITALL)), "ab");
  assert.equal(openDescriptors(), before);
  await socket.send_fds(a, ["never received"], [a.fileno()]);
  b.close();
  assert.equal(openDescriptors(), before - 1);
});

pythonTest("native: MSG_WAITALL ends at the data that descriptors arrived with, as in CPython", async () => {
  const told = await askPython(`
import json, socket
answers = []
def fresh():
    a, b = socket.socketpair()
    for data in b"a", b"bc", b"d": socket.send_fds(a, [data], [a.fileno()])
    a.send(b"efgh")
    return b
b = fresh()
for _ in range(4):
    data, ancillary, flags, address = b.recvmsg(4, socket.CMSG_LEN(4), socket.MSG_WAITALL)
    answers.append([data.decode(), [len(payload) for level, type, payload in ancillary]])
b = fresh()
for _ in range(4): answers.append(b.recv(4, socket.MSG_WAITALL).decode())
b = fresh()
for _ in range(4):
    view = bytearray(4)
    answers.append(view[:b.recv_into(view, 4, socket.MSG_WAITALL)].decode())
b = fresh()
for _ in range(4):
    data, fds, flags, address = socket.recv_fds(b, 4, 1, socket.MSG_WAITALL)
    answers.append([data.decode(), len(fds)])
print(json.dumps(answers))
`);
  const answers: unknown[] = [];
  const fresh = async () => {
    const [a, b] = await socket.socketpair();
    for (const data of ["a", "bc", "d"]) await socket.send_fds(a, [data], [a.fileno()]);
    await a.sendall("efgh");
    a.close();
    return b;
  };
  {
    using b = await fresh();
    for (let n = 0; n < 4; n++) {
      const [data, ancillary] = await b.recvmsg(4, socket.CMSG_LEN(4), socket.MSG_WAITALL);
      answers.push([text(data), ancillary.map(([, , payload]) => payload.length)]);
      for (const [, , payload] of ancillary) socket.close(new Int32Array(payload.slice().buffer)[0]);
    }
  }
  {
    using b = await fresh();
    for (let n = 0; n < 4; n++) answers.push(text(await b.recv(4, socket.MSG_WAITALL)));
  }
  {
    using b = await fresh();
    for (let n = 0; n < 4; n++) {
      const view = new Uint8Array(4);
      answers.push(text(view.subarray(0, await b.recv_into(view, 4, socket.MSG_WAITALL))));
    }
  }
  {
    using b = await fresh();
    for (let n = 0; n < 4; n++) {
      const [data, fds] = await socket.recv_fds(b, 4, 1, socket.MSG_WAITALL);
      answers.push([text(data), fds.length]);
      fds.forEach(socket.close);
    }
  }
  assert.deepEqual(answers, told);
});

/** The receives of up to six bytes. */
const RECEIVES: Record<string, (sock: socket.Socket, flags: number) => Promise<string>> = {
  recv: async (sock, flags) => text(await sock.recv(6, flags)),
  recv_into: async (sock, flags) => {
    const view = new Uint8Array(6);
    return text(view.subarray(0, await sock.recv_into(view, 6, flags)));
  },
  recvfrom: async (sock, flags) => text((await sock.recvfrom(6, flags))[0]),
  recvfrom_into: async (sock, flags) => {
    const view = new Uint8Array(6);
    return text(view.subarray(0, (await sock.recvfrom_into(view, 6, flags))[0]));
  },
  recvmsg: async (sock, flags) => text((await sock.recvmsg(6, 0, flags))[0]),
  recvmsg_into: async (sock, flags) => {
    const views = [new Uint8Array(2), new Uint8Array(4)];
    const [length] = await sock.recvmsg_into(views, 0, flags);
    return views.map(text).join("").slice(0, length);
  },
};

for (const [name, peek] of Object.entries(RECEIVES)) {
  Deno.test(`native: ${name} with MSG_PEEK and MSG_WAITALL waits for all bytes or the end, and removes nothing`, async () => {
    using all = await Connected.open(socket);
    await all.client.sendall("abc");
    const peeked = peek(all.peer, socket.MSG_PEEK | socket.MSG_WAITALL);
    await staysPending(peeked);
    await all.client.sendall("def");
    assert.equal(await peeked, "abcdef");
    assert.equal(text(await all.peer.recv(4)), "abcd");
    const last = peek(all.peer, socket.MSG_PEEK | socket.MSG_WAITALL);
    await staysPending(last);
    await all.client.shutdown(socket.SHUT_WR);
    assert.equal(await last, "ef");
    assert.equal(text(await all.peer.recv(10)), "ef");
  });
}

for (const [name, peek] of Object.entries(RECEIVES)) {
  Deno.test(`native: ${name} with MSG_PEEK and MSG_WAITALL does not wait on a Unix stream, as in the kernel`, async () => {
    const [a, b] = await socket.socketpair();
    using _a = a;
    using _b = b;
    await a.sendall("abc");
    assert.equal(await settled(peek(b, socket.MSG_PEEK | socket.MSG_WAITALL)), "abc");
    assert.equal(text(await b.recv(10)), "abc");
  });
}

Deno.test("native: a peek with MSG_WAITALL at descriptors returns them and opens no others", async () => {
  const [a, b] = await socket.socketpair();
  using _a = a;
  using _b = b;
  await socket.send_fds(a, ["abc"], [a.fileno()]);
  const before = openDescriptors();
  const peeked = b.recvmsg(10, socket.CMSG_LEN(4), socket.MSG_PEEK | socket.MSG_WAITALL);
  const [data, ancillary] = await settled(peeked);
  assert.equal(text(data), "abc");
  assert.equal(ancillary.length, 1);
  assert.equal(openDescriptors(), before + 1);
  socket.close(new Int32Array(ancillary[0][2].slice().buffer)[0]);
});

/** A Unix pair whose second socket receives what an option asks for. */
async function pairWith(option: number): Promise<[socket.Socket, socket.Socket]> {
  const [a, b] = await socket.socketpair();
  b.setsockopt(socket.SOL_SOCKET, option, 1);
  return [a, b];
}

Deno.test("native: MSG_WAITALL reports ancillary data that does not fit", async () => {
  const [a, b] = await pairWith(socket.SO_PASSCRED);
  using _a = a;
  using _b = b;
  const before = openDescriptors();
  await a.sendall("abcd");
  assert.deepEqual((await b.recvmsg(4, 0, socket.MSG_WAITALL)).slice(1), [[], socket.MSG_CTRUNC, null]);
  // The descriptors end the receive, although the credentials take all of the caller's space.
  await socket.send_fds(a, ["ab"], [a.fileno(), b.fileno()]);
  await a.sendall("cd");
  const [data, ancillary, flags] = await b.recvmsg(4, socket.CMSG_SPACE(12), socket.MSG_WAITALL);
  assert.equal(text(data), "ab");
  assert.deepEqual(ancillary.map(([, type, payload]) => [type, payload.length]), [[socket.SCM_CREDENTIALS, 12]]);
  assert.equal(flags, socket.MSG_CTRUNC);
  // A control message is cut where the space ends.
  const [rest, cut, cutFlags] = await b.recvmsg(2, socket.CMSG_LEN(3), socket.MSG_WAITALL);
  assert.equal(text(rest), "cd");
  assert.deepEqual(cut.map(([, type, payload]) => [type, payload.length]), [[socket.SCM_CREDENTIALS, 3]]);
  assert.equal(cutFlags, socket.MSG_CTRUNC);
  assert.equal(openDescriptors(), before);
  b.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0);
  await socket.send_fds(a, ["abcd"], [a.fileno(), b.fileno()]);
  const [, [[, type, fds]], rightsFlags] = await b.recvmsg(4, socket.CMSG_LEN(4), socket.MSG_WAITALL);
  assert.deepEqual([type, fds.length, rightsFlags], [socket.SCM_RIGHTS, 4, socket.MSG_CTRUNC]);
  socket.close(new Int32Array(fds.slice().buffer)[0]);
  assert.equal(openDescriptors(), before);
});

Deno.test("native: MSG_WAITALL returns the credentials of its bytes once", async () => {
  const [a, b] = await pairWith(socket.SO_PASSCRED);
  using _a = a;
  using _b = b;
  const receiving = b.recvmsg(5, socket.CMSG_SPACE(12), socket.MSG_WAITALL);
  for (const byte of "abcd") {
    await a.sendall(byte);
    await staysPending(receiving);
  }
  await a.sendall("e");
  const [data, ancillary, flags] = await receiving;
  assert.equal(text(data), "abcde");
  assert.deepEqual(ancillary.map(([, type, payload]) => [type, payload.length]), [[socket.SCM_CREDENTIALS, 12]]);
  assert.equal(flags, 0);
});

pythonTest("native: MSG_WAITALL ends before the data of another process, if credentials are received", async () => {
  using server = socket.socket(socket.AF_UNIX);
  server.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1);
  server.bind("");
  server.listen();
  const pids = await askPython(
    `
import json, os, socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
sock.connect("\\0" + sys.argv[1])
sock.sendall(b"ab")
child = os.fork()
if child == 0:
    sock.sendall(b"cd")
    os._exit(0)
os.waitpid(child, 0)
print(json.dumps([os.getpid(), child]))
`,
    String(server.getsockname()).slice(1),
  );
  const [peer] = await server.accept();
  using _peer = peer;
  peer.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1);
  const received: unknown[] = [];
  for (let n = 0; n < 2; n++) {
    const [data, [[, , credentials]]] = await peer.recvmsg(4, socket.CMSG_SPACE(12), socket.MSG_WAITALL);
    received.push([text(data), new Int32Array(credentials.slice().buffer)[0]]);
  }
  assert.deepEqual(received, [["ab", pids[0]], ["cd", pids[1]]]);
});

Deno.test("native: MSG_WAITALL returns the address of a Unix peer that has one", async () => {
  using server = socket.socket(socket.AF_UNIX);
  server.bind("");
  server.listen();
  using client = socket.socket(socket.AF_UNIX);
  await client.connect(server.getsockname());
  const [peer] = await server.accept();
  using _peer = peer;
  const name = server.getsockname();
  await peer.sendall("x".repeat(12));
  assert.equal((await client.recvfrom(2, socket.MSG_WAITALL))[1], name);
  assert.equal((await client.recvfrom_into(new Uint8Array(2), 2, socket.MSG_WAITALL))[1], name);
  assert.equal((await client.recvmsg(2, 0, socket.MSG_WAITALL))[3], name);
  assert.equal((await client.recvmsg_into([new Uint8Array(2)], 0, socket.MSG_WAITALL))[3], name);
  // A call that was given up has left bytes, and the next calls take them.
  const given = new AbortController();
  const whole = client.recv(10, socket.MSG_WAITALL, { signal: given.signal });
  await staysPending(whole);
  given.abort();
  await assert.rejects(whole, { name: "AbortError" });
  assert.equal((await client.recvfrom(2, socket.MSG_PEEK))[1], name);
  assert.equal((await client.recvfrom(2))[1], name);
  assert.equal((await client.recvmsg(2))[3], name);
});

Deno.test("native: MSG_WAITALL leaves no descriptor of the sender's process open", async () => {
  const SO_PASSPIDFD = 76, SCM_PIDFD = 4;
  const [a, b] = await socket.socketpair();
  using _a = a;
  using _b = b;
  try {
    b.setsockopt(socket.SOL_SOCKET, SO_PASSPIDFD, 1);
  } catch {
    return; // Linux before 6.5
  }
  const first = b.recv(1);
  await staysPending(first);
  await a.sendall("x");
  await first;
  const before = openDescriptors();
  const receiving = b.recv(4, socket.MSG_WAITALL);
  for (const byte of "abc") {
    await a.sendall(byte);
    await staysPending(receiving);
  }
  await a.sendall("d");
  await receiving;
  assert.equal(openDescriptors(), before);
  await a.sendall("abcd");
  const [, [[, type, pidfd]]] = await b.recvmsg(4, socket.CMSG_SPACE(4), socket.MSG_WAITALL);
  assert.equal(type, SCM_PIDFD);
  assert.equal(openDescriptors(), before + 1);
  socket.close(new Int32Array(pidfd.slice().buffer)[0]);
});

/** Returns the urgent byte without waiting for it: a wait would tell the reactor about it. */
async function urgentByte(sock: socket.Socket, receive = RECEIVES.recv): Promise<string> {
  for (let turn = 0; turn < 1000; turn++) {
    const data = await receive(sock, socket.MSG_OOB).catch(() => null);
    if (data !== null) return data;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("no urgent byte came");
}

/** Makes the reactor ask the kernel. */
async function look(): Promise<void> {
  const [a, b] = await socket.socketpair();
  const waiting = b.recv(1);
  await staysPending(waiting);
  await a.sendall("x");
  await waiting;
  a.close();
  b.close();
}

/** Reads an urgent byte between other bytes, and checks that `sock` then receives the bytes on each side of it. */
async function checkReadsAroundUrgentByte(all: Connected, sock: socket.Socket, readUrgent: () => Promise<string>) {
  // The reactor watches the socket before the urgent byte arrives.
  const first = sock.recv(10);
  await staysPending(first);
  await all.client.sendall("1");
  assert.equal(text(await first), "1");
  // Nothing waits meanwhile, so the reactor does not learn of the urgent byte before it is read.
  await all.client.sendall("abc");
  await all.client.send("!", socket.MSG_OOB);
  await all.client.sendall("def");
  assert.equal(await readUrgent(), "!");
  await look();
  // A call that hangs ends by this timeout.
  sock.settimeout(10);
  assert.equal(text(await sock.recv(100)), "abc");
  assert.equal(text(await sock.recv(100)), "def");
}

for (const reader of ["the socket", "a duplicate"]) {
  Deno.test(`native: an urgent byte that was read still ends a read by ${reader}, and no call waits for present data`, async () => {
    using all = await Connected.open(socket);
    using copy = reader === "a duplicate" ? all.peer.dup() : null;
    const sock = copy ?? all.peer;
    await checkReadsAroundUrgentByte(all, sock, () => urgentByte(all.peer));
  });
}

for (const [name, receive] of Object.entries(RECEIVES)) {
  Deno.test(`native: an urgent byte that ${name} returned still ends a read, and no call waits for present data`, async () => {
    using all = await Connected.open(socket);
    await checkReadsAroundUrgentByte(all, all.peer, () => urgentByte(all.peer, receive));
  });
}

Deno.test("native: an urgent byte that was read before the first wait still ends a read", async () => {
  using all = await Connected.open(socket);
  await all.client.sendall("abc");
  await all.client.send("!", socket.MSG_OOB);
  await all.client.sendall("def");
  assert.equal(await urgentByte(all.peer), "!");
  assert.deepEqual(await select([all.peer], [], [], 0), [[all.peer], [], []]);
  await look();
  all.peer.settimeout(10);
  assert.equal(text(await all.peer.recv(100)), "abc");
  assert.equal(text(await all.peer.recv(100)), "def");
});

Deno.test("native: a buffer may be larger than one call can fill", async () => {
  const [a, b] = await socket.socketpair();
  using _a = a;
  using _b = b;
  // 4 GiB, of which only the beginning is used, so that it takes no memory.
  const large = new Uint8Array(2 ** 32);
  await a.sendall("hello");
  assert.equal(await b.recv_into(large), 5);
  await a.sendall("again");
  assert.equal((await b.recvfrom_into(large))[0], 5);
  b.close();
  await assert.rejects(a.sendall(large), { code: "EPIPE" });
});
