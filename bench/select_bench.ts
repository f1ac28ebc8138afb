// What a wait costs: select and epoll over 10, 100 and 1,000 connections of which one has something, next to
// CPython's select.select and select.epoll in the same run.
//
//   deno run -A bench/select_bench.ts [--waits=2000] [--sizes=10,100,1000] [--native]
//
// One round sends a byte to one connection, waits for it, and receives it; the figure is microseconds a round,
// the median of ten parts. The whole round, because the work is divided differently: CPython's wait only learns
// of the byte, and its receive fetches it; Deno's sockets fetch it while waiting, and the receive is a copy.

import { parseArgs } from "node:util";
import * as sockets from "../mod.ts";
import type { Socket } from "../mod.ts";

const { values } = parseArgs({
  options: {
    waits: { type: "string", default: "2000" },
    sizes: { type: "string", default: "10,100,1000" },
    native: { type: "boolean", default: false },
  },
});
const PARTS = 10;
const rounds = Math.ceil(Number(values.waits) / PARTS);
const sizes = values.sizes.split(",").map(Number);

const PYTHON = `
import json, resource, select, socket, sys, time
PARTS, rounds, sizes = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))

def measure(wait, ours, theirs):
    parts = []
    for _ in range(PARTS):
        begin = time.perf_counter()
        for _ in range(rounds):
            theirs.sendall(b"x")
            wait()
            ours.recv(1)
        parts.append((time.perf_counter() - begin) / rounds * 1e6)
    return sorted(parts)[PARTS // 2]

result = {}
for size in sizes:
    server = socket.create_server(("127.0.0.1", 0), backlog=1024)
    # Those that are waited on come first: select cannot take descriptors above 1023.
    ours = [socket.create_connection(server.getsockname()) for _ in range(size)]
    theirs = dict((s.getpeername(), s) for s in (server.accept()[0] for _ in range(size)))
    active = ours[size // 2]
    peer = theirs[active.getsockname()]
    if max(s.fileno() for s in ours) < 1024:
        result["select %d" % size] = measure(lambda: select.select(ours, [], [], 5), active, peer)
    poller = select.epoll()
    for s in ours: poller.register(s, select.EPOLLIN)
    result["epoll %d" % size] = measure(lambda: poller.poll(5), active, peer)
    for s in [server, poller, *ours, *theirs.values()]: s.close()
print(json.dumps(result))
`;

async function measure(wait: () => Promise<unknown>, ours: Socket, theirs: Socket): Promise<number> {
  const byte = new Uint8Array(1);
  const parts: number[] = [];
  for (let part = 0; part < PARTS; part++) {
    const begin = performance.now();
    for (let round = 0; round < rounds; round++) {
      await theirs.sendall(byte);
      await wait();
      await ours.recv(1);
    }
    parts.push((performance.now() - begin) / rounds * 1000);
  }
  return parts.sort((one, other) => one - other)[PARTS >> 1];
}

/** All figures of one backend. */
async function measureAll({ create_connection, create_server, epoll, EPOLLIN, select }: typeof sockets) {
  const results: Record<string, number> = {};
  for (const size of sizes) {
    using server = create_server(["127.0.0.1", 0], { backlog: 1024 });
    const ours: Socket[] = [];
    const theirs: Socket[] = [];
    for (let count = 0; count < size; count++) {
      ours.push(await create_connection(server.getsockname() as [string, number]));
      theirs.push((await server.accept())[0]);
    }
    const active = ours[size >> 1];
    const peer = theirs[size >> 1];
    results[`select ${size}`] = await measure(() => select(ours, [], [], 5), active, peer);
    {
      using poller = epoll();
      for (const sock of ours) poller.register(sock, EPOLLIN);
      results[`epoll ${size}`] = await measure(() => poller.poll(5), active, peer);
    }
    for (const sock of [...ours, ...theirs]) sock.close();
  }
  return results;
}

async function measurePython(): Promise<Record<string, number>> {
  const args = ["-c", PYTHON, `${PARTS}`, `${rounds}`, JSON.stringify(sizes)];
  const { success, stdout } = await new Deno.Command("python3", { args, stderr: "inherit" }).output();
  return success ? JSON.parse(new TextDecoder().decode(stdout)) : {};
}

const columns: [title: string, figures: Record<string, number>][] = [["ours µs", await measureAll(sockets)]];
if (values.native) columns.push(["native µs", await measureAll(await import("../native.ts") as typeof sockets)]);
columns.push(["CPython µs", await measurePython()]);

console.log(["wait over".padEnd(12), ...columns.map(([title]) => title.padStart(12))].join("  "));
for (const name of Object.keys(columns[0][1])) {
  const figures = columns.map(([, figures]) => (figures[name]?.toFixed(1) ?? "-").padStart(12));
  console.log([name.padEnd(12), ...figures].join("  "));
}
