// The outputs of a trace: the ladder, the drawing, and captures that tshark reads.

import assert from "node:assert/strict";
import { simulate } from "../sim.ts";
import type { Run } from "../sim.ts";
import { available, TemporaryDirectory } from "./_helpers.ts";

/** Returns a run with TCP, loss and retransmission, long and short datagrams, ICMP, and both IP versions. */
function everything(): Promise<Run> {
  return simulate(
    { seed: 5, link: { latency: 0.02, loss: 0.05, duplicate: 0.02 }, epoch: 1_600_000_000 },
    async (net) => {
      net.host("server").serve(async ({ socket }) => {
        for await (const [conn] of socket.create_server(["", 7], { family: socket.AF_INET6, dualstack_ipv6: true })) {
          (async () => {
            for await (const data of conn) await conn.sendall(data);
            conn.close();
          })();
        }
      });
      const client = net.host("client");
      for (const host of ["10.0.0.1", "fd00::1"]) {
        await client.run(async ({ socket }) => {
          using sock = await socket.create_connection([host, 7]);
          const sending = sock.sendall(new Uint8Array(40_000).fill(65)).then(() => sock.shutdown(socket.SHUT_WR));
          for await (const _ of sock);
          await sending;
          using datagrams = socket.socket(host.includes(":") ? socket.AF_INET6 : socket.AF_INET, socket.SOCK_DGRAM);
          await datagrams.sendto("short", [host, 9]);
          await datagrams.sendto(new Uint8Array(4001), [host, 9]);
          using local = await socket.create_connection(["localhost", 7]).catch(() => socket.socket());
          void local;
        });
      }
      await net.sleep(3);
    },
  );
}

Deno.test("the ladder shows each packet between two hosts, with its label and its fate", async () => {
  const run = await simulate({ link: { latency: 0.25 } }, async (net) => {
    net.host("server").serve(async ({ socket }) => {
      const [conn] = await socket.create_server(["", 7]).accept();
      await conn.sendall((await conn.recv(10)).slice(0, 2));
      await conn.recv(10);
    });
    await net.host("client").run(async ({ socket }) => {
      const sock = await socket.create_connection(["server", 7]);
      await sock.sendall("hello");
      await sock.recv(10);
    });
    net.partition("client", "server");
    await net.host("client").socket.socket(2, 2).sendto("x", ["server", 9]);
    net.heal("client", "server");
    await net.host("client").socket.socket(2, 2).sendto("x", ["server", 9]);
  });
  assert.equal(
    run.ladder("client", "server"),
    `
             client                                      server
     0.0000  |--------------------- SYN --------------------->|  0.2500
     0.2500  |<----------------- SYN, ACK 1 ------------------|  0.5000
     0.5000  |-------------------- ACK 1 -------------------->|  0.7500
     0.5000  |----------------- 5 bytes at 1 ---------------->|  0.7500
     0.7500  |<------------------- ACK 6 ---------------------|  1.0000
     0.7500  |<---------------- 2 bytes at 1 -----------------|  1.0000
     1.0000  |-------------------- ACK 3 --------------------.|  under way
     1.0000  |------------------ UDP 1 byte -----------------X|  partitioned
     1.0000  |------------------ UDP 1 byte -----------------.|  under way
`.slice(1, -1),
  );
  assert.equal(run.ladder("server", "client").split("\n").length, 10);
});

Deno.test("drawings and captures ignore the case of host names, as look-ups do", async () => {
  const run = await simulate({}, async (net) => {
    net.host("server");
    await net.host("Client").socket.socket(2, 2).sendto("x", ["SERVER", 9]);
  });
  assert.match(run.ladder("client", "Server"), /^ +Client +server\n.*UDP 1 byte/);
  assert.equal(run.ladder("client", "Server"), run.ladder("Client", "server"));
  assert.equal(run.svg("CLIENT", "server"), run.svg("Client", "server"));
  assert.deepEqual(run.pcapng("client"), run.pcapng("Client"));
  assert.throws(() => run.pcapng("clients"), /there is no host 'clients'/);
});

Deno.test("the drawing has a line for each packet, and escapes its texts", async () => {
  const run = await everything();
  const svg = run.svg("client", "server");
  const between = run.packets.filter(({ from, to }) => from !== to).length;
  assert.equal(svg.match(/<g>/g)!.length, between);
  assert.equal(
    svg.match(/marker-end/g)!.length,
    run.packets.filter(({ fate, from, to }) => fate === "delivered" && from !== to).length,
  );
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 700 \d+/);
  for (const number of svg.match(/NaN|undefined|Infinity/g) ?? []) assert.fail(number);
  // Each element has a start and an end.
  const depth = [...svg.matchAll(/<(\/?)[a-z]+[^>]*?(\/?)>/g)].reduce(
    (sum, [, end, empty]) => sum + (end ? -1 : empty ? 0 : 1),
    0,
  );
  assert.equal(depth, 0);
});

/** Runs tshark on a capture. */
async function tshark(capture: Uint8Array, ...args: string[]): Promise<string[]> {
  using directory = new TemporaryDirectory();
  const path = directory.fresh();
  await Deno.writeFile(path, capture);
  const { success, stdout, stderr } = await new Deno.Command("tshark", { args: ["-r", path, ...args] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n").filter((line) => line !== "");
}

const CHECKED = ["ip", "tcp", "udp"].flatMap((name) => ["-o", `${name}.check_checksum:TRUE`]);

Deno.test({
  name: "tshark reads a capture: no packet is malformed, all checksums are correct, and it finds retransmissions",
  ignore: !available("tshark"),
  async fn() {
    const run = await everything();
    const capture = run.pcapng();
    const statuses = ["ip", "tcp", "udp", "icmp", "icmpv6"].map((name) => `${name}.checksum.status`);
    const fields = ["frame.time_epoch", "frame.protocols", ...statuses];
    const rows = await tshark(capture, ...CHECKED, "-T", "fields", ...fields.flatMap((field) => ["-e", field]));
    assert.equal(rows.length, run.packets.length);
    assert.equal(Number(rows[0].split("\t")[0]), 1_600_000_000 + run.packets[0].time);
    // 1 means correct, and the field is empty without a checksum. The first fragment has the ports, and the last one
    // shows the whole datagram.
    for (const row of rows) {
      const [, protocols, ...found] = row.split("\t");
      // A packet that ICMP quotes may be truncated, so its checksum cannot be checked.
      const fine = ["", "1", "1,1", ...(protocols.includes("icmp") ? ["2"] : [])];
      for (const status of found) assert.ok(fine.includes(status), row);
    }
    for (
      const filter of [
        "_ws.malformed",
        "_ws.expert.severity >= 8388608",
        "tcp.analysis.ack_lost_segment && !tcp.analysis.retransmission",
      ]
    ) {
      assert.deepEqual(await tshark(capture, ...CHECKED, "-Y", filter), [], filter);
    }
    const again = await tshark(
      capture,
      "-Y",
      "tcp.analysis.retransmission || tcp.analysis.fast_retransmission",
      "-T",
      "fields",
      "-e",
      "tcp.seq_raw",
    );
    const ours = run.packets.filter(({ retransmission, duplicate, length }) =>
      (retransmission || duplicate) && length > 0
    );
    assert.ok(again.length >= ours.length * 0.9 && ours.length > 3, `${again.length} of ${ours.length}`);
    const comments = await tshark(capture, "-Y", 'frame.comment contains "lost"');
    assert.equal(comments.length, run.counts.lost);
    const names = new Set(await tshark(capture, "-T", "fields", "-e", "frame.interface_name"));
    assert.deepEqual([...names].sort(), ["client", "server"]);
    // tshark reassembles the long datagrams, once for each IP version, if no fragment was lost.
    assert.ok((await tshark(capture, "-Y", "udp.length == 4009")).length >= 1);
    assert.ok((await tshark(capture, "-Y", "icmp.code == 3 || icmpv6.type == 1")).length >= 1);
  },
});

Deno.test({
  name: "a capture on one host has its sent and received packets, in the order of time",
  ignore: !available("tshark"),
  async fn() {
    const run = await everything();
    const times = (await tshark(run.pcapng("server"), "-T", "fields", "-e", "frame.time_epoch")).map(Number);
    assert.deepEqual(times, times.toSorted((a, b) => a - b));
    const own = run.packets.filter(({ from, duplicate }) => from === "server" && !duplicate).length;
    const arrived = run.packets.filter(({ to, from, fate }) =>
      to === "server" && from !== to && fate === "delivered"
    ).length;
    assert.equal(times.length, own + arrived);
    assert.throws(() => run.pcapng("nobody"), RangeError);
  },
});

/** Returns the packet blocks of a capture: the time in nanoseconds since 1970, and the packet. */
function packetBlocks(capture: Uint8Array): { time: bigint; packet: DataView }[] {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.length);
  const found = [];
  for (let at = 0; at < view.byteLength; at += view.getUint32(at + 4, true)) {
    if (view.getUint32(at, true) !== 6) continue;
    const time = BigInt(view.getUint32(at + 12, true)) << 32n | BigInt(view.getUint32(at + 16, true));
    found.push({ time, packet: new DataView(capture.buffer, at + 28, view.getUint32(at + 20, true)) });
  }
  return found;
}

Deno.test("a capture has the fraction of the epoch", async () => {
  for (const [epoch, first] of [[0.5, 500_000_000n], [1_600_000_000.25, 1_600_000_000_250_000_000n]] as const) {
    const run = await simulate({ epoch }, async (net) => {
      const { socket } = net.host("a");
      using sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
      await sock.sendto("x", ["127.0.0.1", 9]);
    });
    assert.equal(packetBlocks(run.pcapng())[0].time, first);
  }
});

Deno.test("packets of the largest size fit into the length field of their header", async () => {
  for (const address of ["127.0.0.1", "10.0.0.1", "10.0.0.2", "::1", "fd00::2"]) {
    const run = await simulate({ link: { mtu: 65536 }, limit: 1000 }, async (net) => {
      const [a, b] = [net.host("a"), net.host("b")];
      const { socket } = address.endsWith("2") ? b : a;
      const family = address.includes(":") ? socket.AF_INET6 : socket.AF_INET;
      const listener = socket.create_server(["", 7], { family });
      const client = await a.socket.create_connection([address, 7]);
      const [server] = await listener.accept();
      if (family === socket.AF_INET) assert.equal(client.getsockopt(socket.IPPROTO_IP, socket.IP_MTU), 65535);
      const sending = client.sendall(new Uint8Array(400_000));
      assert.equal((await server.recv(400_000, socket.MSG_WAITALL)).length, 400_000);
      await sending;
      for (const sock of [client, server, listener]) sock.close();
    });
    const blocks = packetBlocks(run.pcapng());
    for (const { packet } of blocks) {
      const length = address.includes(":") ? 40 + packet.getUint16(4) : packet.getUint16(2);
      assert.equal(length, packet.byteLength);
    }
    assert.ok(blocks.some(({ packet }) => packet.byteLength >= 65_535), "no packet has the largest size");
  }
});
