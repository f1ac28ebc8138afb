// A chat's other end: it waits on the terminal and on the connection at once.
//
// reader() makes the terminal waitable next to sockets. The end of the input (Ctrl-D) takes leave: the rest of
// what is said is still heard.
//
//   deno run --allow-net=127.0.0.1 examples/chat_client.ts [--host=127.0.0.1] [--port=8090]

import { parseArgs } from "node:util";
import * as socket from "../mod.ts";
import { reader, select } from "../select.ts";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8090" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  console.log("chat_client.ts [--host=127.0.0.1] [--port=8090]");
  Deno.exit();
}

using server = await socket.create_connection([values.host, Number(values.port)]);
using terminal = reader(Deno.stdin);
console.log("connected to", server.getpeername(), "from", server.getsockname());

const awaited: (typeof server | typeof terminal)[] = [server, terminal];
while (awaited.includes(server)) {
  const [readable] = await select(awaited, [], []);
  if (readable.includes(server)) {
    const heard = await server.recv(4096);
    if (heard.length === 0) leave(server);
    await Deno.stdout.write(heard);
  }
  if (readable.includes(terminal)) {
    const said = await terminal.read(4096);
    if (said.length > 0) await server.sendall(said);
    else {
      await server.shutdown(socket.SHUT_WR);
      leave(terminal);
    }
  }
}
// A read of the terminal cannot be taken back, and would keep the process until the next line.
Deno.exit();

function leave(one: typeof server | typeof terminal): void {
  awaited.splice(awaited.indexOf(one), 1);
}
