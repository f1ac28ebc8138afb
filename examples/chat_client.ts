// A client of chat_server.ts: it waits for the terminal and for the connection at once.
//
// reader() makes the terminal something that select can wait for. At the end of the input (Ctrl-D) the client
// half-closes its connection, and still prints what arrives until the server closes.
//
//   deno run --allow-net=127.0.0.1:8090 examples/chat_client.ts

import * as socket from "@berkeley/socket";
import { reader, select } from "@berkeley/socket/select";
import { options } from "./_shared.ts";

const { port } = options("chat_client: takes part in the chat of chat_server", { port: 8090 });

using server = await socket.create_connection(["127.0.0.1", port]);
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
    const said = await terminal.readline();
    if (said !== "") await server.sendall(said);
    else {
      await server.shutdown(socket.SHUT_WR);
      leave(terminal);
    }
  }
}
// A read of the terminal cannot be cancelled. It would keep the process alive until the next line.
Deno.exit();

function leave(one: typeof server | typeof terminal): void {
  awaited.splice(awaited.indexOf(one), 1);
}
