// Tells the time over UDP. A question has a number. The answer has the same number and the time.
//
//   deno run --unstable-net --allow-net=127.0.0.1 examples/time_server.ts
//
// UDP loses datagrams. With --lose 2 the first two questions are not answered, so time_client.ts asks again.

import * as socket from "@berkeley/socket";
import { options } from "./_shared.ts";

const { port, lose } = options("time_server: answers with the time, over UDP", { port: 1337, lose: 0 });

using sk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
sk.bind(["127.0.0.1", port]);
console.log("listening on", sk.getsockname());

const NUMBER = 8; // the bytes of the number at the start of a question
let questions = 0;
for await (const [question, caller] of sk) {
  if (question.length !== NUMBER || ++questions <= lose) continue;
  const answer = [question, new TextEncoder().encode(new Date().toISOString())];
  try {
    await sk.sendmsg(answer, [], 0, caller); // sends both as one datagram
  } catch (error) {
    console.error(`${caller}: ${(error as Error).message}`);
  }
}
