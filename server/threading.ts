// Serving several requests at once. In Python each one has a thread; here each one is a promise that is not awaited.

import type { Address } from "../base/addresses.ts";
import type { BaseServer } from "./base_server.ts";

/** What {@linkcode ThreadingMixIn} adds to a server. */
export interface Threading {
  /** Whether server_close() waits for no request at all, as if `block_on_close` were false. */
  daemon_threads: boolean;
  /** Whether server_close() waits for the requests that are still served. */
  block_on_close: boolean;
}

/** A class of servers; what a subclass adds to its constructor is its own. */
export type ServerClass = abstract new (...args: any[]) => BaseServer<any>;

/** A class of servers that serve several requests at once. */
export type ThreadingClass<C extends ServerClass> = C & (new (...args: any[]) => Threading);

/**
 * Makes a server class serve each request at once, beside those that are still served: Python's
 * `class S(ThreadingMixIn, TCPServer)` is `class S extends ThreadingMixIn(TCPServer)` here.
 *
 * There are no threads. A handler waits without holding others up, and one that computes without awaiting does.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { BaseRequestHandler, TCPServer, ThreadingMixIn } from "@berkeley/socket/socketserver";
 *
 * class Server extends ThreadingMixIn(TCPServer) {
 *   static override request_queue_size = 64;
 * }
 * await using server = new Server(["127.0.0.1", 0], BaseRequestHandler);
 * assert(server.block_on_close);
 * ```
 */
export function ThreadingMixIn<C extends ServerClass>(Base: C): ThreadingClass<C> {
  // Declared abstract, so that TypeScript does not ask for what the base class has.
  abstract class ThreadingServer extends (Base as ServerClass) implements Threading {
    daemon_threads = false;
    block_on_close = true;
    readonly #requests = new Set<Promise<void>>();

    override process_request(request: unknown, client_address: Address): Promise<void> {
      const served = this.#serve(request, client_address);
      this.#requests.add(served);
      void served.finally(() => this.#requests.delete(served));
      return Promise.resolve();
    }

    /** As Python's process_request_thread. It never rejects: an error here would have no caller, and end the program. */
    async #serve(request: unknown, client_address: Address): Promise<void> {
      try {
        try {
          await this.finish_request(request, client_address);
        } catch (error) {
          await this.handle_error(request, client_address, error);
        } finally {
          await this.shutdown_request(request);
        }
      } catch (error) {
        console.error("handle_error() or shutdown_request() failed:", error);
      }
    }

    override async server_close(): Promise<void> {
      await super.server_close();
      if (this.block_on_close && !this.daemon_threads) await Promise.all(this.#requests);
    }
  }
  return ThreadingServer as unknown as ThreadingClass<C>;
}
