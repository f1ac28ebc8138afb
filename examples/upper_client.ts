// Reads lines from the terminal, sends them to upper_server.ts and prints what comes back. `exit` ends it.
//
//   deno run --allow-net=127.0.0.1:6969 examples/upper_client.ts

import * as socket from "@berkeley/socket";
import { input, options } from "./_shared.ts";

const { port } = options("upper_client: sends lines to upper_server; 'exit' ends it", { port: 6969 });

using sk = socket.socket();
await sk.connect(["127.0.0.1", port]);

for await (const line of input(">>: ")) {
  if (line === "exit") break;
  if (line === "") continue; // without data there is no answer, and recv would wait for ever
  const data = new TextEncoder().encode(line);
  await sk.sendall(data);
  // A stream has no message boundaries: one recv may return half an answer. The answer is as long as the question.
  const answer = await sk.recv(data.length, socket.MSG_WAITALL);
  if (answer.length < data.length) throw new Error("the server hung up");
  console.log("recv:", new TextDecoder().decode(answer));
}
