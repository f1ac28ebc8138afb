// A client of robot_server.ts: prints what the robot says, sends what is typed, and ends after `exit`.
//
//   deno run --allow-net=127.0.0.1:8888 examples/robot_client.ts

import * as socket from "@berkeley/socket";
import { input, options } from "./_shared.ts";

const { port } = options("robot_client: connects to robot_server; 'exit' ends it", { port: 8888 });

using sk = socket.socket();
sk.settimeout(5); // connect, recv and sendall fail with TimeoutError after that time
await sk.connect(["127.0.0.1", port]);
console.log("receive:", await receive());

for await (const line of input("please input: ")) {
  if (line === "") continue;
  await sk.sendall(line);
  if (line === "exit") break;
  console.log("receive:", await receive());
}

async function receive(): Promise<string> {
  const data = await sk.recv(1024);
  if (data.length === 0) throw new Error("the robot hung up");
  return new TextDecoder().decode(data);
}
