// A client that repeats its request until the answer arrives, over a link that loses a third of all datagrams. It runs in
// a simulation, so it takes no time, and every run is the same. The client is written for any socket module.
//
//   deno run examples/sim_retry.ts [--seed 1] [--loss 0.3]

import type * as socketModule from "@berkeley/socket";
import { simulate } from "@berkeley/socket/sim";
import { options } from "./_shared.ts";

const { seed, loss } = options("sim_retry: a request over a lossy link, asked again until it is answered", {
  seed: 1,
  loss: "0.3",
});

type Socket = typeof socketModule;

/** Answers each question with its number and the sum. A number that comes again is the same question. */
async function serveSums(socket: Socket): Promise<void> {
  const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  sock.bind(["", 5353]);
  for await (const [data, address] of sock) {
    const [id, a, b] = JSON.parse(new TextDecoder().decode(data));
    await sock.sendto(JSON.stringify([id, a + b]), address!);
  }
}

/** Asks until there is an answer, waiting twice as long each time. Returns it, and how often it asked. */
async function ask(socket: Socket, address: [string, number], id: number, a: number, b: number) {
  using sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  await sock.connect(address);
  for (let tries = 1, patience = 0.1; tries <= 10; tries++, patience *= 2) {
    await sock.send(JSON.stringify([id, a, b]));
    sock.settimeout(patience);
    try {
      for (;;) {
        const [answered, sum] = JSON.parse(new TextDecoder().decode(await sock.recv(100)));
        // A late answer to an earlier question is none to this one.
        if (answered === id) return { sum, tries };
      }
    } catch (error) {
      if (!(error instanceof socket.TimeoutError)) throw error;
    }
  }
  throw new Error(`no answer to question ${id}`);
}

const run = await simulate({ seed, link: { latency: 0.02, jitter: 0.01, loss: Number(loss) } }, async (net) => {
  net.host("server").serve(({ socket }) => serveSums(socket));
  await net.host("client").run(async ({ socket }) => {
    for (let id = 1; id <= 8; id++) {
      const { sum, tries } = await ask(socket, ["server", 5353], id, id, id * id);
      if (sum !== id + id * id) throw new Error(`${id} + ${id * id} is not ${sum}`);
      console.log(
        `${net.time.toFixed(3)} s: ${id} + ${id * id} = ${sum}, asked ${tries} time${tries === 1 ? "" : "s"}`,
      );
    }
  });
});
const { sent, lost } = run.counts;
console.log(`${lost} of ${sent} datagrams were lost; seed ${seed} loses the same ones each time`);
