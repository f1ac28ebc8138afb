// A rumour among a thousand hosts: each that knows it tells two others a second. How many know it after each second?
//
//   deno run examples/sim_gossip.ts [--hosts 1000] [--loss 0.2]

import { simulate } from "@berkeley/socket/sim";
import { options } from "./_shared.ts";

const { hosts, seed, loss } = options("sim_gossip: a rumour among a thousand hosts, over links that lose some of it", {
  hosts: 1000,
  seed: 1,
  loss: "0.2",
});

const PORT = 4000;
const started = performance.now();

const run = await simulate(
  { seed, link: { latency: 0.05, jitter: 0.1, loss: Number(loss) }, trace: false },
  async (net) => {
    const names = Array.from({ length: hosts }, (_, n) => `host${n}`);
    const knowing = new Set<string>();
    for (const name of names) {
      net.host(name).serve(async ({ socket, sleep, random }) => {
        const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
        sock.bind(["", PORT]);
        // Waits for the rumour.
        if (name !== names[0]) await sock.recv(100);
        knowing.add(name);
        for (;;) {
          await sleep(0.5 + random());
          for (let n = 0; n < 2; n++) await sock.sendto("did you know?", [names[Math.floor(random() * hosts)], PORT]);
        }
      });
    }
    while (knowing.size < hosts) {
      await net.sleep(1);
      const share = Math.round(60 * knowing.size / hosts);
      console.log(`${String(net.time).padStart(3)} s ${"#".repeat(share).padEnd(60, ".")} ${knowing.size}`);
    }
  },
);
const took = (performance.now() - started) / 1000;
console.log(
  `all ${hosts} know it after ${run.time} s: ${run.counts.sent} datagrams, simulated in ${took.toFixed(1)} s`,
);
