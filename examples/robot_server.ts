// The robot of the 10086 hotline: it greets each client, and answers until the client sends `exit`.
//
//   deno run --allow-net=127.0.0.1:8888 examples/robot_server.ts
//
// Its client is robot_client.ts. With --port 0 the system chooses a port: then allow 127.0.0.1 without a port.

import * as socket from "@berkeley/socket";
import { options } from "./_shared.ts";

const { port } = options("robot_server: a hotline's robot", { port: 8888 });

using sk = socket.socket();
sk.bind(["127.0.0.1", port]);
sk.listen(5);
console.log("listening on", sk.getsockname());

for await (const [conn] of sk) {
  serve(conn).catch((error) => console.error("lost a client:", error.message)).finally(() => conn.close());
}

async function serve(conn: socket.Socket): Promise<void> {
  await conn.sendall("欢迎致电 10086,请输入1xxx,0转人工服务.");
  for await (const data of conn) {
    const said = new TextDecoder().decode(data);
    if (said === "exit") return;
    else if (said === "0") await conn.sendall("通话可能会被录音.");
    else await conn.sendall("请重新输入.");
  }
}
