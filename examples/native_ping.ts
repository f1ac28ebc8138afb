// Sends echo requests over a raw ICMP socket, as ping(8) does. It needs root, or the capability CAP_NET_RAW.
//
//   sudo deno run --allow-ffi=/lib/x86_64-linux-gnu/libc.so.6 --allow-net=127.0.0.1 examples/native_ping.ts

import * as socket from "@berkeley/socket/native";
import { options } from "./_shared.ts";

const { host, count, interval, timeout } = options("native_ping: measures round trips to a host", {
  host: "127.0.0.1",
  count: 3,
  interval: 0.2,
  timeout: 1,
});

const ECHO_REPLY = 0, ECHO_REQUEST = 8;
const SIZE = 64;

using sk = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP);
await sk.connect([host, 0]); // looks up the name; from now on packets of other hosts are filtered out

const identifier = Math.floor(Math.random() * 0x10000); // distinguishes our replies from replies to other pings
let answered = 0;
for (let number = 1; number <= count; number++) {
  const begin = performance.now();
  await sk.send(request(number));
  const address = await hear(number);
  if (address !== null) {
    answered++;
    console.log(`reply from ${address}: number ${number}, ${(performance.now() - begin).toFixed(3)} ms`);
  } else console.log(`no reply to number ${number}`);
  if (number < count) await new Promise((resolve) => setTimeout(resolve, interval * 1000));
}
console.log(`${count} sent, ${answered} answered`);
if (answered === 0) Deno.exitCode = 1;

/** An ICMP echo request: type, code, checksum, identifier, number, and any data. */
function request(number: number): Uint8Array {
  const packet = crypto.getRandomValues(new Uint8Array(SIZE));
  const view = new DataView(packet.buffer);
  view.setUint16(0, ECHO_REQUEST << 8);
  view.setUint16(2, 0);
  view.setUint16(4, identifier);
  view.setUint16(6, number);
  view.setUint16(2, checksum(view));
  return packet;
}

/** The checksum of RFC 1071: the complement of the sum of all words, with the carries added. */
function checksum(view: DataView): number {
  let sum = 0;
  for (let at = 0; at < view.byteLength; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Waits for one reply and returns its sender. On loopback the socket also receives requests, and those of others. */
async function hear(number: number): Promise<string | null> {
  const signal = AbortSignal.timeout(timeout * 1000); // one deadline for all packets
  try {
    for (;;) {
      const [packet, address] = await sk.recvfrom(65535, 0, { signal });
      // A raw socket receives the IP header too. The first byte has its length, in words of 4 bytes.
      const header = (packet[0] & 0xf) * 4;
      const view = new DataView(packet.buffer, packet.byteOffset + header, packet.length - header);
      if (view.getUint8(0) === ECHO_REPLY && view.getUint16(4) === identifier && view.getUint16(6) === number) {
        return String(address[0]);
      }
    }
  } catch (error) {
    if (error === signal.reason) return null;
    throw error;
  }
}
