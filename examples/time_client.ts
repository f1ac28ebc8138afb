// Asks time_server.ts for the time. Each datagram may get lost, so the client asks again, and waits longer each time.
//
//   deno run --unstable-net --allow-net=127.0.0.1 examples/time_client.ts

import * as socket from "@berkeley/socket";
import { options } from "./_shared.ts";

const { port, tries, patience } = options("time_client: asks time_server for the time", {
  port: 1337,
  tries: 5,
  patience: 0.2,
});

using sk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
await sk.connect(["127.0.0.1", port]); // from now on datagrams of other senders are dropped
console.log(await askForTime());

async function askForTime(): Promise<string> {
  for (let attempt = 0; attempt < tries; attempt++) {
    const number = crypto.getRandomValues(new Uint8Array(8)); // identifies a late answer to an earlier question
    await sk.send(number);
    const answer = await hear(number, patience * 2 ** attempt);
    if (answer !== null) return answer;
    console.error("no answer, asking again");
  }
  console.error(`no answer to ${tries} questions`);
  Deno.exit(1);
}

/** The answer to a question, or null if it does not arrive in time. */
async function hear(number: Uint8Array, seconds: number): Promise<string | null> {
  const signal = AbortSignal.timeout(seconds * 1000); // one deadline for all datagrams
  try {
    for (;;) {
      const data = await sk.recv(1024, 0, { signal });
      if (number.every((byte, place) => byte === data[place])) return new TextDecoder().decode(data.subarray(8));
    }
  } catch (error) {
    if (error === signal.reason) return null;
    // No server is there (yet). On systems that report it, asking again later is right too.
    if (error instanceof socket.ConnectionRefusedError) return null;
    throw error;
  }
}
