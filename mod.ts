/**
 * Berkeley sockets for Deno: Python's `socket` and `select` modules, in TypeScript, on Deno's own net API.
 *
 * The names are those of Python's modules (`create_connection`, not `createConnection`), so that tutorials and man pages
 * apply. Functions that may wait return promises, and all others are synchronous. Timeouts are in seconds.
 *
 * `@berkeley/socket/native` has the same API over libc, with raw sockets, all socket options and more speed. To use it, a
 * program changes its import. This module uses no FFI.
 *
 * @example An upper-casing server and a client
 * ```ts
 * import * as socket from "@berkeley/socket";
 * import assert from "node:assert/strict";
 *
 * const server = socket.create_server(["127.0.0.1", 0]);
 * const serving = (async () => {
 *   const [conn] = await server.accept();
 *   for await (const data of conn) await conn.sendall(new TextDecoder().decode(data).toUpperCase());
 *   conn.close();
 * })();
 *
 * const client = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
 * await client.connect(server.getsockname());
 * await client.sendall("hello");
 * assert.equal(new TextDecoder().decode(await client.recv(1024)), "HELLO");
 *
 * client.close();
 * await serving;
 * server.close();
 * ```
 *
 * @module
 */

export * from "./socket.ts";
export * from "./select.ts";
