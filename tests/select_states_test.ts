// Every state of a stream socket, in CPython and here: select returns the same lists, and poll and epoll the same
// events.

import assert from "node:assert/strict";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDHUP } from "../select.ts";
import type { Socket } from "../mod.ts";
import { BACKENDS } from "./_backends.ts";
import { ALL_SUBJECTS } from "./_sim.ts";
import { askPython, pythonTest, runPython } from "./_helpers.ts";
import type { Module } from "./conformance/fixtures.ts";

const ASKED = POLLIN | POLLPRI | POLLOUT | POLLERR | POLLHUP | POLLRDHUP;

const JUDGE = `
import json, select, socket, struct
ASKED = select.POLLIN | select.POLLPRI | select.POLLOUT | select.POLLERR | select.POLLHUP | select.POLLRDHUP
server = socket.create_server(("127.0.0.1", 0))
def pair():
    c = socket.create_connection(server.getsockname())
    s, _ = server.accept()
    return c, s
def look(s, settle=0.02):
    # Loopback answers at once, a reset or a refusal an instant later.
    select.select([], [], [], settle)
    lists = ["".join("rwx"[i] for i, l in enumerate(select.select([s], [s], [s], 0)) if l)]
    p = select.poll(); p.register(s, ASKED)
    e = select.epoll(); e.register(s, ASKED)
    both = [lists[0], sum(ev for _, ev in p.poll(0)), sum(ev for _, ev in e.poll(0))]
    e.close()
    return both
answers = {}
def state(name, s): answers[name] = look(s)

s = socket.socket(); state("fresh", s); s.close()
s = socket.socket(); s.bind(("127.0.0.1", 0)); state("bound", s)
s.listen(); state("listening", s)
c = socket.create_connection(s.getsockname()); state("listening with a connection", s)
a, _ = s.accept(); state("listening after accept", s)
for one in (a, c, s): one.close()
c, s = pair()
state("connected idle", c)
s.sendall(b"data"); state("with data", c)
c.recv(2); state("with the rest of the data", c)
c.recv(10); state("drained", c)
s.sendall(b"last"); s.shutdown(socket.SHUT_WR); state("data, then the peer's end", c)
c.recv(10); state("the peer's end", c)
state("ended itself", s)
c.shutdown(socket.SHUT_WR); state("both ended, the second", c)
state("both ended, the first", s)
c.close(); s.close()
c, s = pair(); s.close(); state("peer closed", c); c.close()
c, s = pair(); c.shutdown(socket.SHUT_RD); state("reading shut", c); c.close(); s.close()
c, s = pair(); c.shutdown(socket.SHUT_RDWR); state("all shut", c); c.close(); s.close()
c, s = pair(); s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.close(); state("reset", c)
try: c.recv(1)
except ConnectionResetError: pass
state("reset and told", c); c.close()
l = socket.socket(); l.bind(("127.0.0.1", 0)) # It keeps its port and does not listen.
c = socket.socket(); c.setblocking(False); c.connect_ex(l.getsockname()); state("refused", c)
c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR); state("refused and told", c); c.close(); l.close()
c = socket.socket(); c.setblocking(False); c.connect_ex(server.getsockname()); state("connected without waiting", c)
c.close()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); state("datagram fresh", u)
u.bind(("127.0.0.1", 0)); state("datagram bound", u)
u.sendto(b"", u.getsockname()); state("datagram with an empty one", u)
u.recv(1); state("datagram drained", u); u.close()
print(json.dumps(answers))
`;

const RESET = `
import socket, struct, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.recv(1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
print("reset")
`;

type Answer = [lists: string, poll: number, epoll: number];

async function look({ epoll, poll, select }: Module, sock: Socket): Promise<Answer> {
  await select([], [], [], 0.02);
  const lists = await select([sock], [sock], [sock], 0);
  const poller = poll();
  poller.register(sock, ASKED);
  using other = epoll();
  other.register(sock, ASKED);
  const sum = (found: [number, number][]) => found.reduce((all, [, events]) => all + events, 0);
  return [
    "rwx".split("").filter((_, place) => lists[place].length > 0).join(""),
    sum(await poller.poll(0)),
    sum(await other.poll(0)),
  ];
}

/** A connection that its peer has reset. */
async function reset(socket: Module, server: Socket): Promise<Socket> {
  if (!BACKENDS.some(({ module }) => module === socket)) {
    const peer = await socket.create_connection(server.getsockname() as [string, number]);
    const [c] = await server.accept();
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]));
    peer.close();
    return c;
  }
  // Only a kernel's socket can reset on demand. A socket of the default backend has no such option.
  await using peer = runPython(RESET, server.getsockname()[1]);
  const [c] = await server.accept();
  // Only after the accept: Deno drops a connection that was reset in the queue.
  await c.sendall("!");
  await peer.line();
  return c;
}

/** Brings sockets into every state, in the order of the Python program. */
async function* states(socket: Module): AsyncGenerator<[name: string, sock: Socket]> {
  using server = socket.create_server(["127.0.0.1", 0]);
  const pair = async () => {
    const c = await socket.create_connection(server.getsockname());
    const [s] = await server.accept();
    return [c, s];
  };
  {
    using s = socket.socket();
    yield ["fresh", s];
  }
  {
    using s = socket.socket();
    s.bind(["127.0.0.1", 0]);
    yield ["bound", s];
    s.listen();
    yield ["listening", s];
    using _c = await socket.create_connection(s.getsockname());
    yield ["listening with a connection", s];
    using _a = (await s.accept())[0];
    yield ["listening after accept", s];
  }
  {
    const [c, s] = await pair();
    yield ["connected idle", c];
    await s.sendall("data");
    yield ["with data", c];
    await c.recv(2);
    yield ["with the rest of the data", c];
    await c.recv(10);
    yield ["drained", c];
    await s.sendall("last");
    await s.shutdown(socket.SHUT_WR);
    yield ["data, then the peer's end", c];
    await c.recv(10);
    yield ["the peer's end", c];
    yield ["ended itself", s];
    await c.shutdown(socket.SHUT_WR);
    yield ["both ended, the second", c];
    yield ["both ended, the first", s];
    c.close();
    s.close();
  }
  {
    const [c, s] = await pair();
    s.close();
    yield ["peer closed", c];
    c.close();
  }
  for (const [name, how] of [["reading shut", socket.SHUT_RD], ["all shut", socket.SHUT_RDWR]] as const) {
    const [c, s] = await pair();
    await c.shutdown(how);
    yield [name, c];
    c.close();
    s.close();
  }
  {
    const c = await reset(socket, server);
    yield ["reset", c];
    await c.recv(1).catch(() => {});
    yield ["reset and told", c];
    c.close();
  }
  {
    const l = socket.socket();
    l.bind(["127.0.0.1", 0]);
    const nobody = l.getsockname();
    l.close();
    using c = socket.socket();
    c.setblocking(false);
    await c.connect_ex(nobody);
    yield ["refused", c];
    assert.equal(c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 111);
    yield ["refused and told", c];
  }
  {
    using c = socket.socket();
    c.setblocking(false);
    await c.connect_ex(server.getsockname());
    yield ["connected without waiting", c];
  }
  {
    using u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    yield ["datagram fresh", u];
    u.bind(["127.0.0.1", 0]);
    yield ["datagram bound", u];
    await u.sendto("", u.getsockname());
    yield ["datagram with an empty one", u];
    await u.recv(1);
    yield ["datagram drained", u];
  }
}

/** An intended difference: an error is an exceptional condition, as documented. */
const DIFFERENT: Record<string, Answer[0]> = { "refused": "rwx", "reset": "rwx" };

let asked: Promise<Record<string, Answer>> | undefined;

for (const { name, module } of ALL_SUBJECTS) {
  pythonTest(`${name}: every state of a socket has CPython's readiness`, async () => {
    const judged = structuredClone(await (asked ??= askPython(JUDGE)));
    for (const [name, lists] of Object.entries(DIFFERENT)) {
      assert.equal(judged[name][0], "rw");
      judged[name][0] = lists;
    }
    const ours: Record<string, Answer> = {};
    for await (const [name, sock] of states(module)) ours[name] = await look(module, sock);
    assert.deepEqual(ours, judged);
  });
}
