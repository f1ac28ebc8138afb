// The loop of every server: it waits for a request, passes it to a handler, and waits again. The methods and their order are
// those of Python's socketserver.BaseServer, so overriding a method has the same effect as in Python.

import type { Address, AddressLike } from "../base/addresses.ts";
import { OSError } from "../base/errors.ts";
import type { WaitOptions } from "../core/promises.ts";
import { checkOptions } from "../core/arguments.ts";
import { select } from "../select.ts";
import { runHandler } from "./handlers.ts";
import type { BaseRequestHandler } from "./handlers.ts";

/** A value or a promise of it. Methods that may be async return it. */
export type Awaitable<T> = T | Promise<T>;

/** The class of the handlers: a subclass of BaseRequestHandler. */
export type RequestHandlerClass<R> = new (request: R, client_address: Address, server: any) => BaseRequestHandler;

/** The errors of get_request when descriptors or memory run out. The request stays queued in the kernel. */
const EXHAUSTED = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"];

/**
 * After such an error the loop pauses. The first pause is FIRST_PAUSE milliseconds. Each next one is twice as long, up to
 * LONGEST_PAUSE.
 */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 1000;

/**
 * The superclass of all servers, as Python's `socketserver.BaseServer`. `R` is the type of a request: a connection, or a
 * datagram and the socket for the reply.
 *
 * Every method may be overridden. The methods that are called for a request may be async; their promises are awaited.
 */
export abstract class BaseServer<R = unknown> implements AsyncDisposable {
  /** The server's address. Once it is bound, it is the result of `getsockname()`. */
  server_address: AddressLike;
  /** The class of the handlers. */
  readonly RequestHandlerClass: RequestHandlerClass<R>;
  /** How many seconds handle_request() waits for a request; null for no limit. serve_forever() ignores it. */
  timeout: number | null = null;

  #serving: { stop: AbortController; ended: Promise<void> } | undefined;
  #shutdownRequested = false;
  #pause = FIRST_PAUSE;

  /** Sets the fields. Subclasses also open the socket. */
  constructor(server_address: AddressLike, RequestHandlerClass: RequestHandlerClass<R>) {
    if (typeof RequestHandlerClass !== "function") throw new TypeError("RequestHandlerClass must be a class");
    this.server_address = server_address;
    this.RequestHandlerClass = RequestHandlerClass;
  }

  /** Returns the descriptor to wait on; -1 once the server is closed. */
  abstract fileno(): number;
  /** Returns the timeout of the server's socket in seconds, null for none. It also limits handle_request(). */
  protected abstract socketTimeout(): number | null;
  /**
   * Waits until there is a request. Returns false after the timeout. It uses the `select` of the module. A subclass whose
   * socket is one of a simulated host overrides it with the `select` of that host.
   */
  protected async wait_for_request(timeout: number | null, options: WaitOptions): Promise<boolean> {
    const [ready] = await select([this], [], [], timeout, options);
    return ready.length > 0;
  }
  /** Accepts the next request. Returns it and the address of its sender. */
  abstract get_request(options?: WaitOptions): Awaitable<[request: R, client_address: Address]>;

  /** Called by the constructor to start listening. */
  server_activate(): void {}

  /**
   * Serves requests until {@linkcode shutdown} is called or the server is closed, as Python's `serve_forever()`.
   *
   * It calls `service_actions` at least once every `poll_interval` seconds (null: only after a request). shutdown() does not
   * have to wait for that.
   *
   * @throws {RangeError} if the server is closed.
   * @throws the errors of `handle_error`, `verify_request` and `service_actions`. An error in a handler does not end it.
   */
  async serve_forever(poll_interval: number | null = 0.5, options: WaitOptions = {}): Promise<void> {
    const given = checkOptions(options);
    if (this.#serving !== undefined) throw new Error("serve_forever() is running already");
    if (this.fileno() < 0) throw new RangeError(`Invalid file descriptor: ${this.fileno()}`);
    this.checkFields();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const stop = new AbortController();
    const signal = given ? AbortSignal.any([stop.signal, given]) : stop.signal;
    this.#serving = { stop, ended };
    try {
      while (!this.#shutdownRequested && this.fileno() >= 0) {
        const ready = await this.#isReady(poll_interval, signal);
        // As in CPython, a request that became ready meanwhile stays queued.
        if (this.#shutdownRequested) break;
        if (ready) {
          const request = await this.#nextRequest(signal);
          if (request !== undefined) await this.#serve(...request);
        }
        given?.throwIfAborted();
        await this.service_actions();
      }
    } finally {
      this.#shutdownRequested = false;
      this.#serving = undefined;
      end();
    }
  }

  /** Waits for a request. Returns false after the timeout, or if shutdown() or server_close() ended the wait. */
  async #isReady(timeout: number | null, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.wait_for_request(timeout, { signal });
    } catch (error) {
      if (signal.aborted || this.fileno() < 0) return false;
      throw error;
    }
  }

  /**
   * Ends {@linkcode serve_forever} and waits until the request that it is serving has ended, as Python's `shutdown()`. A
   * request that arrives meanwhile stays queued.
   *
   * A handler must not await it if the server serves one request at a time: it would wait for its own end. If serve_forever()
   * is not running, its next call returns at once, as in Python.
   */
  async shutdown(): Promise<void> {
    this.#shutdownRequested = true;
    this.#serving?.stop.abort();
    await this.#serving?.ended;
  }

  /** Called in each iteration of serve_forever(), except for one whose wait shutdown() ended. */
  service_actions(): Awaitable<void> {}

  /**
   * Serves one request, as Python's `handle_request()`. It waits at most `timeout` seconds, or the timeout of the socket if
   * that is shorter. Then it calls `handle_timeout`.
   *
   * If the signal is aborted before a request is accepted, it rejects with the signal's reason. A request that was accepted
   * is served to its end.
   */
  async handle_request(options: WaitOptions = {}): Promise<void> {
    const signal = checkOptions(options);
    this.checkFields();
    const bounds = [this.socketTimeout(), this.timeout].filter((bound) => bound !== null);
    const timeout = bounds.length > 0 ? Math.min(...bounds) : null;
    if (!await this.wait_for_request(timeout, { signal })) return await this.handle_timeout();
    const request = await this.#nextRequest(signal);
    if (request !== undefined) await this.#serve(...request);
    else signal?.throwIfAborted();
  }

  /** Accepts the next request; undefined if that failed or was aborted. */
  async #nextRequest(signal: AbortSignal | undefined): Promise<[R, Address] | undefined> {
    try {
      const request = await this.get_request({ signal });
      this.#pause = FIRST_PAUSE;
      return request;
    } catch (error) {
      if (signal?.aborted) return undefined;
      // This is ignored, as in CPython: the client has closed the connection, or the server was closed.
      if (!(error instanceof OSError)) throw error;
      if (EXHAUSTED.includes(error.code ?? "")) await this.#pauseLoop(signal);
      return undefined;
    }
  }

  /** Serves a request that was accepted. */
  async #serve(request: R, client_address: Address): Promise<void> {
    if (!await this.#isVerified(request, client_address)) return await this.shutdown_request(request);
    try {
      await this.process_request(request, client_address);
    } catch (error) {
      try {
        await this.handle_error(request, client_address, error);
      } finally {
        await this.shutdown_request(request);
      }
    }
  }

  /** Verifies a request. If that throws, the request is ended first. CPython closes it with its last reference. */
  async #isVerified(request: R, client_address: Address): Promise<boolean> {
    try {
      return await this.verify_request(request, client_address);
    } catch (error) {
      await this.shutdown_request(request);
      throw error;
    }
  }

  /** Pauses the loop until descriptors may be free. Without the pause it would spin, because the server stays ready. */
  async #pauseLoop(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    const end = () => resolve();
    signal?.addEventListener("abort", end);
    await promise;
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }

  /** Called when handle_request() got no request before its timeout. */
  handle_timeout(): Awaitable<void> {}

  /** Returns whether to serve a request. */
  verify_request(_request: R, _client_address: Address): Awaitable<boolean> {
    return true;
  }

  /** Serves a request and ends it. Concurrent servers override it. */
  async process_request(request: R, client_address: Address): Promise<void> {
    await this.finish_request(request, client_address);
    await this.shutdown_request(request);
  }

  /** Makes the handler of a request, and runs its setup, handle and finish. */
  async finish_request(request: R, client_address: Address): Promise<void> {
    await runHandler(new this.RequestHandlerClass(request, client_address, this));
  }

  /** Ends a request. A connection is half-closed first. */
  shutdown_request(request: R): Awaitable<void> {
    return this.close_request(request);
  }

  /** Closes the socket of a request, if it has one of its own. */
  close_request(_request: R): Awaitable<void> {}

  /** Prints an error of a handler. The server continues. */
  handle_error(_request: R, client_address: Address, error: unknown): Awaitable<void> {
    const line = "-".repeat(40);
    console.error(line);
    console.error("Exception occurred during processing of request from", client_address);
    console.error(error);
    console.error(line);
  }

  /**
   * Closes the server's socket. If the server waits for its requests, the promise settles when all of them have ended. A
   * handler must not await it then: it would wait for its own end.
   */
  server_close(): Promise<void> {
    return Promise.resolve();
  }

  /** Throws if a class variable was set after the constructor had read it. Servers with class variables override it. */
  protected checkFields(): void {}

  /** Ends serve_forever() if it runs, and closes the server. Called by `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#serving !== undefined) await this.shutdown();
    await this.server_close();
  }
}
