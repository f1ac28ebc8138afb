// Finds the routers on the way to a host, as traceroute(8) does, and without root. It sends datagrams with a growing
// time to live. IP_RECVERR puts the ICMP errors that they cause into the socket's error queue.
//
//   deno run --allow-ffi=/lib/x86_64-linux-gnu/libc.so.6 --allow-net=127.0.0.1 examples/native_traceroute.ts

import * as socket from "@berkeley/socket/native";
import { options } from "./_shared.ts";

const { host, port, hops, timeout } = options("native_traceroute: prints the way to a host", {
  host: "127.0.0.1",
  port: 33434, // a port without a listener: the error comes from the host itself, and ends the search
  hops: 30,
  timeout: 1,
});

/** Types of ICMP: the time to live ran out on the way; nothing listens at that port of the host. */
const TIME_EXCEEDED = 11, UNREACHABLE = 3;

using sk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
sk.setsockopt(socket.IPPROTO_IP, socket.IP_RECVERR, 1);

for (let hop = 1; hop <= hops; hop++) {
  sk.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hop);
  const begin = performance.now();
  await sk.sendto("", [host, port + hop]);
  const error = await nextError();
  const place = String(hop).padStart(2);
  if (error === null) {
    console.log(`${place}  *`);
    continue;
  }
  console.log(`${place}  ${error.from}  ${(performance.now() - begin).toFixed(3)} ms`);
  if (error.type === UNREACHABLE) break;
}

/** The next ICMP error, or null if none arrives in time. */
async function nextError(): Promise<{ from: string; type: number } | null> {
  const deadline = performance.now() + timeout * 1000;
  for (;;) {
    const left = Math.max(0, deadline - performance.now()) / 1000;
    const [, , failed] = await socket.select([], [], [sk], left); // an error is in the third list
    if (failed.length === 0) return null;
    const [, ancillary] = await sk.recvmsg(0, 512, socket.MSG_ERRQUEUE);
    for (const [level, type, data] of ancillary) {
      if (level !== socket.IPPROTO_IP || type !== socket.IP_RECVERR) continue;
      // struct sock_extended_err: errno, origin, type, code …, followed by its sender as a struct sockaddr_in.
      const icmpType = data[5];
      const from = socket.inet_ntoa(data.slice(20, 24));
      if (icmpType === TIME_EXCEEDED || icmpType === UNREACHABLE) return { from, type: icmpType };
    }
  }
}
