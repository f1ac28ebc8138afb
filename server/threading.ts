// Concurrent servers. In Python each request has a thread. Here each request is a promise that the loop does not await.

import type { Address } from "../base/addresses.ts";
import type { BaseServer } from "./base_server.ts";

/** The members that {@linkcode ThreadingMixIn} adds to a server. */
export interface Threading {
  /** Whether server_close() never waits for requests, as if `block_on_close` were false. */
  daemon_threads: boolean;
  /** Whether server_close() waits until all requests have ended. */
  block_on_close: boolean;
  /**
   * Serves a request and ends it, and passes an error to `handle_error`. A subclass may override it, to run something before
   * and after each request.
   */
  process_request_thread(request: any, client_address: Address): Promise<void>;
}

/** A class of servers. Its constructor may have any arguments. */
export type ServerClass = abstract new (...args: any[]) => BaseServer<any>;

/** A class of concurrent servers. */
export type ThreadingClass<C extends ServerClass> = C & (new (...args: any[]) => Threading);

/**
 * Makes a class of concurrent servers. Python's `class S(ThreadingMixIn, TCPServer)` is
 * `class S extends ThreadingMixIn(TCPServer)` here.
 *
 * There are no threads. While one handler awaits, others run. A handler that computes without awaiting stops the others.
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
  // Abstract, so that TypeScript does not require the members of the base class.
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

    async process_request_thread(request: unknown, client_address: Address): Promise<void> {
      try {
        await this.finish_request(request, client_address);
      } catch (error) {
        await this.handle_error(request, client_address, error);
      } finally {
        await this.shutdown_request(request);
      }
    }

    /** It never rejects: an unhandled rejection would end the program. */
    async #serve(request: unknown, client_address: Address): Promise<void> {
      try {
        await this.process_request_thread(request, client_address);
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
