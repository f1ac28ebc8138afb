// Multicast: sends announcements to a group of hosts.
//
//   deno run --unstable-net --allow-net=127.0.0.1,239.192.7.7:7777 examples/multicast_announce.ts
//
// multicast_listen.ts receives them. The multicasts of a socket leave by the interface whose address it is bound to:
// the loopback interface here, another one with --on.

import { AF_INET, IP_MULTICAST_TTL, IPPROTO_IP, socket } from "@berkeley/socket/udp";
import { options } from "./_shared.ts";

const { group, port, on, ttl, count, every, rest } = options(
  "multicast_announce [text]: announces a text to a multicast group",
  { group: "239.192.7.7", port: 7777, on: "127.0.0.1", ttl: 1, count: 3, every: 1 },
);
const text = rest[0] ?? "printer at 192.0.2.9, paper is full";

using sk = socket(AF_INET);
sk.bind([on, 0]);
sk.setsockopt(IPPROTO_IP, IP_MULTICAST_TTL, ttl); // how many networks it may reach: 1 is the local one only
for (let sent = 1; sent <= count; sent++) {
  await sk.sendto(text, [group, port]);
  console.log(`announced ${sent} of ${count}`);
  if (sent < count) await new Promise((resolve) => setTimeout(resolve, every * 1000));
}
