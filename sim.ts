/**
 * The socket module over a simulated network. Hosts, links and packets exist in one process, in virtual time. The
 * simulation needs no permission and uses no real port. The same seed gives the same run on Deno, Node and in browsers.
 *
 * A program takes the module as an argument, so the same program runs on the real network and in a simulation:
 *
 * ```ts
 * import { simulate } from "@berkeley/socket/sim";
 * import assert from "node:assert/strict";
 *
 * const run = await simulate({ seed: 1, link: { latency: 0.04, loss: 0.1 } }, async (net) => {
 *   net.host("server").serve(async ({ socket }) => {
 *     for await (const [conn] of socket.create_server(["", 7])) {
 *       for await (const data of conn) await conn.sendall(data);
 *       conn.close();
 *     }
 *   });
 *   await net.host("client").run(async ({ socket }) => {
 *     using sock = await socket.create_connection(["server", 7]);
 *     await sock.sendall("hello");
 *     assert.equal(new TextDecoder().decode(await sock.recv(100)), "hello");
 *   });
 * });
 * assert.match(run.ladder("client", "server"), /5 bytes at 1/); // one line for each packet
 * ```
 *
 * @module
 */

export { explore } from "./sim/run/explore.ts";
export type { Exploration, ExploreOptions } from "./sim/run/explore.ts";
export { failedRun } from "./sim/run/failure.ts";
export type { Host } from "./sim/run/host.ts";
export type { HostOptions, Hosts, Net, PartitionOptions } from "./sim/run/net.ts";
export type { SocketModule } from "./sim/run/module.ts";
export type { Program, ProgramContext } from "./sim/run/program.ts";
export { simulate } from "./sim/run/simulate.ts";
export type { Run, SimulateOptions } from "./sim/run/simulate.ts";
export { World } from "./sim/run/world.ts";
export type { WorldOptions } from "./sim/run/world.ts";
export type { LinkOptions } from "./sim/net/link.ts";
export type { SocketInfo, TcpInfo } from "./sim/net/socket_info.ts";
export type { Counts, Fate, PacketEntry } from "./sim/trace/recorder.ts";
export type { Trace } from "./sim/trace/trace.ts";
