// What sockets do, in less than a second: servers and their clients in one process, over the loopback interface.
//
//   deno task demo
//
// which is
//
//   deno run --unstable-net --allow-net=127.0.0.1 examples/demo.ts
//
// Every server binds port 0: the system chooses a free port.

import * as socket from "@berkeley/socket";
import { options, upper } from "./_shared.ts";

options("demo: a tour of sockets on the loopback interface", {});

const text = (data: Uint8Array) => new TextDecoder().decode(data);
const show = (who: string, what: string) => console.log(`  ${who.padEnd(10)}${what}`);
const place = (address: socket.InetAddress | socket.Inet6Address) => address.slice(0, 2).join(":");

/** A listening TCP server that handles each connection with `serve`. Disposing of it closes it. */
function listen(serve: (conn: socket.Socket) => Promise<void>): socket.Socket<socket.InetAddress> {
  const server = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  server.bind(["127.0.0.1", 0]);
  server.listen(5);
  (async () => {
    for await (const [conn] of server) {
      serve(conn).catch((error) => console.error("lost a client:", error.message)).finally(() => conn.close());
    }
  })();
  return server;
}

async function connect(server: socket.Socket): Promise<socket.Socket<socket.InetAddress>> {
  const client = socket.socket();
  client.settimeout(5);
  await client.connect(server.getsockname());
  return client;
}

async function shout(conn: socket.Socket): Promise<void> {
  for await (const data of conn) await conn.sendall(upper(data));
}

async function robot(conn: socket.Socket): Promise<void> {
  await conn.sendall("欢迎致电 10086,请输入1xxx,0转人工服务.");
  for await (const data of conn) {
    if (text(data) === "exit") return;
    await conn.sendall(text(data) === "0" ? "通话可能会被录音." : "请重新输入.");
  }
}

async function tcp(): Promise<void> {
  console.log("\nTCP: a server that answers in capitals");
  using server = listen(shout);
  show("server", `listening on ${place(server.getsockname())}`);
  using client = await connect(server);
  show("client", `connected from ${place(client.getsockname())}`);
  for (const line of ["Hello world", "世界,你好", "berkeley sockets"]) {
    await client.sendall(line);
    show("client", `>>: ${line}`);
    show("server", text(await client.recv(1024)));
  }
}

async function hotline(): Promise<void> {
  console.log("\nTCP: the robot of the 10086 hotline");
  using server = listen(robot);
  using client = await connect(server);
  show("robot", text(await client.recv(1024)));
  for (const line of ["1234", "0"]) {
    await client.sendall(line);
    show("caller", line);
    show("robot", text(await client.recv(1024)));
  }
  await client.sendall("exit");
  show("caller", "exit");
  show("robot", (await client.recv(1024)).length === 0 ? "(hung up: recv returned no bytes)" : "(still there?)");
}

async function crowd(): Promise<void> {
  console.log("\nTCP: several clients at once, and no client waits for another");
  using server = listen(shout);
  const clients = await Promise.all(["anna", "bo", "chen"].map(async (name) => ({ name, sk: await connect(server) })));
  await Promise.all(clients.map(async ({ name, sk }) => {
    for (let round = 1; round <= 2; round++) {
      await sk.sendall(`${name} says ${round}`);
      show(name, text(await sk.recv(1024)));
    }
    sk.close();
  }));
}

async function patience(): Promise<void> {
  console.log("\nTimeouts: a call that times out loses nothing");
  using server = listen(async (conn) => {
    await conn.recv(1); // sends nothing before the client asks
    await conn.sendall("here I am");
  });
  using client = await connect(server);
  client.settimeout(0.2);
  try {
    await client.recv(1024);
  } catch (error) {
    show("client", `after 0.2 s: ${error}`);
  }
  await client.sendall("?");
  show("server", text(await client.recv(1024)));
}

async function waiting(): Promise<void> {
  console.log("\nselect: one loop waits for many sockets");
  const pairs = [await socket.socketpair(socket.AF_INET), await socket.socketpair(socket.AF_INET)];
  const [[left, one], [right, other]] = pairs;
  await one.sendall("left has something");
  let [readable] = await socket.select([left, right], [], [], 5);
  for (const sk of readable) show("loop", text(await sk.recv(1024)));
  await Promise.all([one.sendall("left again"), other.sendall("right too")]);
  for (let heard = 0; heard < 2; heard += readable.length) {
    [readable] = await socket.select([left, right], [], [], 5);
    for (const sk of readable) show("loop", text(await sk.recv(1024)));
  }
  for (const sk of pairs.flat()) sk.close();
}

async function udp(): Promise<void> {
  console.log("\nUDP: datagrams, no connection");
  using server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  server.bind(["127.0.0.1", 0]);
  using client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  client.settimeout(5);
  const answering = (async () => {
    const [data, address] = await server.recvfrom(1024);
    show("server", `${text(data)} from ${place(address)}`);
    await server.sendto("ok", address);
  })();
  await client.sendto("数据", server.getsockname());
  const [answer, from] = await client.recvfrom(1024);
  await answering;
  show("client", `${text(answer)} from ${place(from)}`);
}

for (const part of [tcp, hotline, crowd, patience, waiting, udp]) await part();
console.log("\nNext: README.md, and the programs in examples/");
