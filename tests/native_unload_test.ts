// The end of an isolate in a process that goes on. `deno run --watch` starts the program again, and no descriptor of
// the last run is open then.

import assert from "node:assert/strict";
import { create_server } from "../mod.ts";
import { Program, runDeno, TemporaryDirectory } from "./_helpers.ts";
import { settled } from "./conformance/fixtures.ts";

const native = JSON.stringify(import.meta.resolve("../native.ts"));

/** The open sockets of a program, by their links `socket:[inode]`. */
const OPEN = `
  const link = (name) => {
    try {
      return Deno.readLinkSync("/proc/self/fd/" + name);
    } catch {
      return "";
    }
  };
  const open = () => Array.from(Deno.readDirSync("/proc/self/fd"), ({ name }) => link(name));
`;

/**
 * A program that prints its open sockets before and after it opens some, and has an operation of every kind under way.
 */
const source = (run: number, port: number, end: string) => `
  import * as socket from ${native}; // run ${run}
  ${OPEN}
  const before = open();
  const server = socket.create_server(["127.0.0.1", ${port}]);
  const poller = socket.epoll();
  poller.register(server, socket.EPOLLIN);
  const [a, b] = await socket.socketpair();
  const copy = socket.fromfd(a.fileno(), socket.AF_UNIX, socket.SOCK_STREAM);
  socket.socket(-1, -1, -1, b.detach());
  const waiting = [copy.recv(1), poller.poll(), socket.select([server], [], []), server.accept()];
  for (const call of waiting) call.catch(() => {});
  // The reactor is parked by then.
  await new Promise((resolve) => setTimeout(resolve, 50));
  // Closing is not an error, though the descriptor is closed already.
  addEventListener("unload", () => {
    a.close();
    console.log('"closed"');
  });
  const own = [server, a, copy].map((sock) => link(sock.fileno()));
  console.log(JSON.stringify({ run: ${run}, before, own }));
  ${end}
`;

/** The next line of a program that may have to start first. A program that failed under --watch would wait for ever. */
function told(program: Program): Promise<any> {
  return settled(program.json(), 60_000);
}

async function runs(end: string): Promise<{ run: number; before: string[]; own: string[] }[]> {
  using directory = new TemporaryDirectory();
  const file = `${directory.path}/server.ts`;
  // A free port, which each run of the program binds.
  const claim = create_server(["127.0.0.1", 0]);
  const [, port] = claim.getsockname();
  claim.close();
  Deno.writeTextFileSync(file, source(0, port, end));
  const args = ["run", "-A", "--no-check", "--no-lock", "--watch", "--no-clear-screen", file];
  await using program = new Program(Deno.execPath(), args);
  const all = [];
  for (let run = 0; run < 3; run++) {
    if (run > 0) Deno.writeTextFileSync(file, source(run, port, end));
    if (run > 0 && end === "") assert.equal(await told(program), "closed");
    all.push(await told(program));
    if (end !== "") assert.equal(await told(program), "closed");
  }
  return all;
}

for (const [how, end] of [["goes on", ""], ["ends by Deno.exit", "Deno.exit(1);"]]) {
  Deno.test(`native: each run under --watch of a program that ${how} finds its port free and no open socket`, async () => {
    const all = await runs(end);
    assert.deepEqual(all.map(({ run }) => run), [0, 1, 2]);
    for (const run of [1, 2]) {
      const { own } = all[run - 1];
      assert(own.every((link) => link.startsWith("socket:")));
      assert.deepEqual(all[run].before.filter((link) => own.includes(link)), []);
    }
  });
}

Deno.test("native: the end of the isolate closes the reactor, also if it is parked", async () => {
  await using program = await runDeno(`
    import * as socket from ${native};
    import { reactor } from ${JSON.stringify(import.meta.resolve("../native/reactor.ts"))};
    ${OPEN}
    const kinds = () => {
      const found = open();
      return ["anon_inode:[eventpoll]", "anon_inode:[eventfd]"].map((kind) => found.filter((one) => one === kind).length);
    };
    const before = kinds();
    const [a, b] = await socket.socketpair();
    const receiving = a.recv(1);
    receiving.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    const meanwhile = kinds();
    dispatchEvent(new Event("unload"));
    const after = kinds();
    // The parked call has returned, and its promise settles in the next turns of the event loop.
    a.close();
    await reactor.atRest();
    console.log(JSON.stringify([meanwhile, after].map((counts) => counts.map((count, at) => count - before[at]))));
  `);
  assert.deepEqual(await told(program), [[1, 1], [0, 0]]);
  assert.equal((await program.end()).code, 0);
});
