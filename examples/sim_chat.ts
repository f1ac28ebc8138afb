// A chat over a satellite link, drawn as a ladder: 300 ms each way, and some packets are lost in the rain.
//
//   deno run examples/sim_chat.ts [--seed 5]

import { simulate } from "@berkeley/socket/sim";
import type { ProgramContext } from "@berkeley/socket/sim";
import { options } from "./_shared.ts";

const { seed, loss } = options("sim_chat: a chat over a satellite link, drawn as a ladder", { seed: 5, loss: "0.15" });

const TALK = ["Is the relay up?", "It is. Sky is clear.", "Sending the readings now.", "Got them. Over and out."];

/** Sends every second line, and receives the others. */
async function talk(
  { socket: _, sleep }: ProgramContext,
  sock: import("@berkeley/socket").Socket,
  turn: number,
  say: (line: string) => void,
) {
  await using file = sock.makefile("rw", { encoding: "utf-8" });
  for (const [n, line] of TALK.entries()) {
    if (n % 2 === turn) {
      await sleep(0.4); // typing
      await file.write(`${line}\n`);
      await file.flush();
    } else say((await file.readline())!.trimEnd());
  }
}

const run = await simulate(
  { seed, link: { latency: 0.3, jitter: 0.01, loss: Number(loss) }, limit: 300 },
  async (net) => {
    const heard = (name: string) => (line: string) => console.log(`${net.time.toFixed(2)} s, ${name} reads: ${line}`);
    const station = net.host("station").run(async (context) => {
      using server = context.socket.create_server(["", 7000]);
      const [sock] = await server.accept();
      await talk(context, sock, 1, heard("station"));
      sock.close();
    });
    await net.host("ship").run(async (context) => {
      const sock = await context.socket.create_connection(["station", 7000]);
      await talk(context, sock, 0, heard("ship"));
      sock.close();
    });
    await station;
    // Until the last packets have come, and what was lost of them was sent again.
    await net.sleep(5);
  },
);
console.log();
console.log(run.ladder("ship", "station"));
