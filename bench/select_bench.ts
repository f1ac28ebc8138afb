// What a wait costs: select and epoll over 10, 100 and 1,000 connections of which one has something, next to
// CPython's select.select and select.epoll in the same run.
//
//   deno run --allow-net --allow-run=python3 bench/select_bench.ts [--waits=2000] [--sizes=10,100,1000]
//
// One round sends a byte, waits and receives it; the figure is the median time of the wait, in microseconds.
// CPython's select cannot take descriptors above 1023, so its largest size is 1,000 connections there too.

import { parseArgs } from "node:util";
import { epoll, EPOLLIN, select } from "../select.ts";
import { create_connection, create_server } from "../mod.ts";
import type { Socket } from "../mod.ts";

const { values } = parseArgs({
  options: {
    waits: { type: "string", default: "2000" },
    sizes: { type: "string", default: "10,100,1000" },
    python: { type: "string", default: "python3" },
  },
});
const waits = Number(values.waits);
const sizes = values.sizes.split(",").map(Number);

const PYTHON = `
import json, resource, select, socket, sys, time
waits, sizes = int(sys.argv[1]), [int(n) for n in sys.argv[2].split(",")]
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
server = socket.create_server(("127.0.0.1", 0), backlog=1024)

def measure(wait, ours, theirs):
    times, active = [], len(ours) // 2
    for _ in range(waits):
        theirs[active].sendall(b"x")
        begin = time.perf_counter_ns()
        wait()
        times.append(time.perf_counter_ns() - begin)
        ours[active].recv(1)
    times.sort()
    return times[len(times) // 2] / 1000

result = {}
for size in sizes:
    # The waiting ends are accepted first, so that their descriptors stay below select's limit.
    listeners = []
    ours, theirs = [], []
    for _ in range(size):
        ours.append(socket.create_connection(server.getsockname()))
    for _ in range(size):
        theirs.append(server.accept()[0])
    by_port = {t.getpeername()[1]: t for t in theirs}
    theirs = [by_port[o.getsockname()[1]] for o in ours]
    if max(o.fileno() for o in ours) < 1024:
        result["select %d" % size] = measure(lambda: select.select(ours, [], [], 5), ours, theirs)
    poller = select.epoll()
    for o in ours: poller.register(o, select.EPOLLIN)
    result["epoll %d" % size] = measure(lambda: poller.poll(5), ours, theirs)
    poller.close()
    for s in ours + theirs: s.close()
print(json.dumps(result))
`;

/** The median time of one wait, in microseconds. */
async function measure(wait: () => Promise<unknown>, ours: Socket, theirs: Socket): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < waits; round++) {
    await theirs.sendall("x");
    const begin = performance.now();
    await wait();
    times.push((performance.now() - begin) * 1000);
    await ours.recv(1);
  }
  times.sort((one, other) => one - other);
  return times[times.length >> 1];
}

const results: Record<string, number> = {};
using server = create_server(["127.0.0.1", 0], { backlog: 1024 });
for (const size of sizes) {
  const ours: Socket[] = [];
  const theirs: Socket[] = [];
  for (let count = 0; count < size; count++) {
    ours.push(await create_connection(server.getsockname()));
    theirs.push((await server.accept())[0]);
  }
  const active = size >> 1;
  results[`select ${size}`] = await measure(() => select(ours, [], [], 5), ours[active], theirs[active]);
  {
    using poller = epoll();
    for (const sock of ours) poller.register(sock, EPOLLIN);
    results[`epoll ${size}`] = await measure(() => poller.poll(5), ours[active], theirs[active]);
  }
  for (const sock of [...ours, ...theirs]) sock.close();
}

const python = await new Deno.Command(values.python, { args: ["-c", PYTHON, String(waits), values.sizes] }).output();
const judged: Record<string, number> = JSON.parse(new TextDecoder().decode(python.stdout));
console.log("wait over      ours µs   CPython µs");
for (const [name, time] of Object.entries(results)) {
  const other = judged[name]?.toFixed(1) ?? "-";
  console.log(`${name.padEnd(12)} ${time.toFixed(1).padStart(9)} ${other.padStart(12)}`);
}
