/**
 * Berkeley sockets for Deno: Python's `socket` and `select` modules, in TypeScript, on Deno's own net API.
 *
 * The names are the documented ones of Python's modules (`create_connection`, not `createConnection`): a deliberate
 * exception from Deno's camelCase, so that every tutorial and man page still applies. What waits returns a promise;
 * everything else is synchronous, as in Python. Timeouts are in seconds.
 *
 * The same API over libc, for raw sockets, every socket option and more speed, is `@berkeley/socket/native`: a program
 * moves there by changing the import. This module never touches FFI.
 *
 * @example An upper-casing server and a client
 * ```ts
 * import * as socket from "@berkeley/socket";
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
 * console.log(new TextDecoder().decode(await client.recv(1024))); // HELLO
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
