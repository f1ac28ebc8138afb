// The TypeScript types of sockets: the form of addresses for each family, and what iteration yields for each type. The
// assertions are types: a wrong one fails `deno check`.

import assert from "node:assert/strict";
import type { Address, Bytes, Inet6Address, InetAddress, Socket, UnixAddress } from "../mod.ts";
import { AF_INET, AF_INET6, AF_UNIX, create_connection, create_server } from "../mod.ts";
import { fromfd, SOCK_DGRAM, SOCK_STREAM, socket, socketpair } from "../mod.ts";
import * as udp from "../udp.ts";

type Equal<X, Y> = (<T>() => T extends X ? 1 : 2) extends (<T>() => T extends Y ? 1 : 2) ? true : false;

/** Compiles only where both types are the same. */
function same<X, Y>(_equal: Equal<X, Y>): void {}

Deno.test("types: the addresses of a socket have the shape of its family", async () => {
  using sock = socket();
  same<typeof sock, Socket<InetAddress, any>>(true);
  using six = socket(AF_INET6);
  same<ReturnType<typeof six.getsockname>, Inet6Address>(true);
  using unix = socket(AF_UNIX);
  same<ReturnType<typeof unix.getsockname>, UnixAddress>(true);
  const family: number = AF_INET;
  using any = socket(family);
  same<ReturnType<typeof any.getsockname>, Address>(true);
  using copy = fromfd(sock.fileno(), AF_INET, SOCK_STREAM);
  same<typeof copy, Socket<InetAddress, any>>(true);
  using dup = six.dup();
  same<typeof dup, typeof six>(true);
  const [a, b] = await socketpair(AF_UNIX);
  same<typeof a, Socket<UnixAddress, Bytes>>(true);
  a.close();
  b.close();
  // A socket of a known family is assignable to a socket of any family.
  const general: Socket = sock;
  assert.equal(general, sock);
});

Deno.test("types: no address has to be cast", async () => {
  using server = create_server(["127.0.0.1", 0]);
  const [host, port] = server.getsockname();
  same<[typeof host, typeof port], [string, number]>(true);
  using client = await create_connection([host, port]);
  same<ReturnType<typeof client.getpeername>, InetAddress | Inet6Address>(true);
  const [conn, [peerHost, peerPort]] = await server.accept();
  same<typeof conn, Socket<InetAddress, Bytes>>(true);
  assert.equal(peerHost, host);
  assert.equal(peerPort, client.getsockname()[1]);
  conn.close();
});

Deno.test("types: the type of iteration depends on the kind of socket", async () => {
  using server = create_server(["127.0.0.1", 0]);
  using client = await create_connection(server.getsockname());
  await client.sendall("hello");
  client.close();
  for await (const [conn, address] of server) {
    same<typeof address, InetAddress>(true);
    for await (const data of conn) {
      same<typeof data, Bytes>(true);
      assert.equal(new TextDecoder().decode(data), "hello");
    }
    conn.close();
    break;
  }
  using receiver = socket(AF_INET, SOCK_DGRAM);
  same<typeof receiver, Socket<InetAddress, [Bytes, InetAddress]>>(true);
  using other = udp.socket(AF_INET6);
  same<typeof other, Socket<Inet6Address, [Bytes, Inet6Address]>>(true);
});

Deno.test("types: an address is any list of strings and numbers", async () => {
  const address = ["127.0.0.1", 0];
  using sock = socket();
  sock.bind(address);
  using receiver = socket(AF_INET, SOCK_DGRAM);
  receiver.bind(address);
  using sender = socket(AF_INET, SOCK_DGRAM);
  await sender.sendto("x", receiver.getsockname());
  const [, from] = await receiver.recvfrom(10);
  const [host, port] = from;
  await receiver.sendto("y", [host, port]);
  assert.equal((await sender.recv(10)).length, 1);
  // The form is checked when the address is used.
  const wrong = ["127.0.0.1", "9999"];
  using other = socket();
  assert.throws(() => other.bind(wrong), TypeError);
});
