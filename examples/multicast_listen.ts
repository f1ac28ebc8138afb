// Multicast: receives announcements that are sent to a group of hosts.
//
//   deno run --unstable-net --allow-net=0.0.0.0:7777 examples/multicast_listen.ts
//
// Start it several times: each one receives what multicast_announce.ts sends. It joins the group on the loopback
// interface, so nothing leaves this machine. With --on and the address of another interface it receives from that
// network.

import { AF_INET, join, SO_REUSEADDR, socket, SOL_SOCKET } from "@berkeley/socket/udp";
import { options } from "./_shared.ts";

const { group, port, on } = options("multicast_listen: prints what is announced to a multicast group", {
  group: "239.192.7.7",
  port: 7777,
  on: "127.0.0.1",
});

using sk = socket(AF_INET);
sk.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1); // several listeners share the port
sk.bind(["", port]);
join(sk, group, on);
console.log(`listening to ${group} on port ${port}`);

for await (const [data, [host]] of sk) console.log(`${host}: ${new TextDecoder().decode(data)}`);
