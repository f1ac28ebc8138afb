// The loop of every server: wait for a request, hand it to a handler, go on. The methods and their order are those of
// Python's socketserver.BaseServer, so that overriding one has the effect that it has there.

import type { Address, AddressLike } from "../base/addresses.ts";
import { OSError } from "../base/errors.ts";
import type { WaitOptions } from "../core/promises.ts";
import { checkOptions } from "../core/arguments.ts";
import { select } from "../select.ts";
import { runHandler } from "./handlers.ts";
import type { BaseRequestHandler } from "./handlers.ts";

/** A value, or a promise of it: what a method that may be async returns. */
export type Awaitable<T> = T | Promise<T>;

/** What makes the handler of each request: a subclass of BaseRequestHandler. */
export type RequestHandlerClass<R> = new (request: R, client_address: Address, server: any) => BaseRequestHandler;

/** What get_request rejects with where descriptors or memory ran out. The request stays queued in the kernel. */
const EXHAUSTED = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"];

/** The pauses of a loop that met one of {@linkcode EXHAUSTED}, in milliseconds: doubled up to a second. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 1000;

/**
 * The superclass of all servers, as Python's `socketserver.BaseServer`. `R` is what a request is: a connection, or a
 * datagram with the socket to answer it by.
 *
 * Every method may be overridden. Those that Python calls within a request may be async, and are awaited.
 */
export abstract class BaseServer<R = unknown> implements AsyncDisposable {
  /** Where the server listens; what `getsockname()` tells, once it is bound. */
  server_address: AddressLike;
  /** What makes the handler of each request. */
  readonly RequestHandlerClass: RequestHandlerClass<R>;
  /** How many seconds handle_request() waits for a request; null for ever. serve_forever() does not look at it. */
  timeout: number | null = null;

  #serving: { stop: AbortController; ended: Promise<void> } | undefined;
  #shutdownRequested = false;
  #pause = FIRST_PAUSE;

  /** Extended by subclasses, which open the socket. */
  constructor(server_address: AddressLike, RequestHandlerClass: RequestHandlerClass<R>) {
    if (typeof RequestHandlerClass !== "function") throw new TypeError("RequestHandlerClass must be a class");
    this.server_address = server_address;
    this.RequestHandlerClass = RequestHandlerClass;
  }

  /** The descriptor to wait on; -1 once the server is closed. */
  abstract fileno(): number;
  /** The timeout of the server's socket in seconds; null for none. handle_request() waits no longer than that. */
  protected abstract socketTimeout(): number | null;
  /** Takes the request that made the server ready, and its sender's address. */
  abstract get_request(options?: WaitOptions): Awaitable<[request: R, client_address: Address]>;

  /** Called by the constructor to start listening. */
  server_activate(): void {}

  /**
   * Serves requests until {@linkcode shutdown} is called or the server is closed, as Python's `serve_forever()`.
   *
   * `poll_interval` in seconds is how long it waits at most before it calls `service_actions` (null: until there is a
   * request). shutdown() need not wait for it.
   *
   * @throws whatever `handle_error`, `verify_request` or `service_actions` throws. An error in a handler does not end it.
   */
  async serve_forever(poll_interval: number | null = 0.5, options: WaitOptions = {}): Promise<void> {
    const given = checkOptions(options);
    if (this.#serving !== undefined) throw new Error("serve_forever() is running already");
    this.checkFields();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const stop = new AbortController();
    const signal = given ? AbortSignal.any([stop.signal, given]) : stop.signal;
    this.#serving = { stop, ended };
    try {
      while (!this.#shutdownRequested && this.fileno() >= 0) {
        if (await this.#isReady(poll_interval, signal)) await this.#handleRequest(signal);
        given?.throwIfAborted();
        if (!this.#shutdownRequested) await this.service_actions();
      }
    } finally {
      this.#shutdownRequested = false;
      this.#serving = undefined;
      end();
    }
  }

  /** Waits for a request; false where the time is over, or where shutdown() or server_close() ended the wait. */
  async #isReady(timeout: number | null, signal: AbortSignal): Promise<boolean> {
    try {
      const [ready] = await select([this], [], [], timeout, { signal });
      return ready.length > 0;
    } catch (error) {
      if (signal.aborted || this.fileno() < 0) return false;
      throw error;
    }
  }

  /**
   * Ends {@linkcode serve_forever} and waits until the request that it is serving has ended, as Python's `shutdown()`. A
   * request that arrives meanwhile stays queued.
   *
   * A handler of a server that serves one request at a time must not await it: it would wait for its own end. Where
   * serve_forever() is not running, the next call of it returns at once, as in Python.
   */
  async shutdown(): Promise<void> {
    this.#shutdownRequested = true;
    this.#serving?.stop.abort();
    await this.#serving?.ended;
  }

  /** Called in each round of serve_forever(). */
  service_actions(): Awaitable<void> {}

  /**
   * Serves one request, as Python's `handle_request()`: waits at most `timeout` seconds (the server's or its socket's, the
   * shorter one) and then calls `handle_timeout`.
   */
  async handle_request(options: WaitOptions = {}): Promise<void> {
    const signal = checkOptions(options);
    this.checkFields();
    const bounds = [this.socketTimeout(), this.timeout].filter((bound) => bound !== null);
    const timeout = bounds.length > 0 ? Math.min(...bounds) : null;
    const [ready] = await select([this], [], [], timeout, { signal });
    if (ready.length > 0) await this.#handleRequest(signal);
    else await this.handle_timeout();
  }

  /** Serves the request that is there. */
  async #handleRequest(signal: AbortSignal | undefined): Promise<void> {
    let request: R, client_address: Address;
    try {
      [request, client_address] = await this.get_request({ signal });
    } catch (error) {
      if (signal?.aborted) return;
      // As in CPython: the client has gone again, or the server was closed.
      if (!(error instanceof OSError)) throw error;
      if (EXHAUSTED.includes(error.code ?? "")) await this.#rest(signal);
      return;
    }
    this.#pause = FIRST_PAUSE;
    if (!await this.verify_request(request, client_address)) return await this.shutdown_request(request);
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

  /** Lets others close descriptors. Without it the loop would spin: the server stays ready. CPython spins. */
  async #rest(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    const end = () => resolve();
    signal?.addEventListener("abort", end);
    await promise;
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }

  /** Called where handle_request() had nothing to serve in time. */
  handle_timeout(): Awaitable<void> {}

  /** Says whether to serve a request. */
  verify_request(_request: R, _client_address: Address): Awaitable<boolean> {
    return true;
  }

  /** Serves a request and ends it. A server that serves several at once overrides it. */
  async process_request(request: R, client_address: Address): Promise<void> {
    await this.finish_request(request, client_address);
    await this.shutdown_request(request);
  }

  /** Makes the request's handler and runs its setup, handle and finish. */
  async finish_request(request: R, client_address: Address): Promise<void> {
    await runHandler(new this.RequestHandlerClass(request, client_address, this));
  }

  /** Ends a request properly: by half-close, for a connection. */
  shutdown_request(request: R): Awaitable<void> {
    return this.close_request(request);
  }

  /** Frees what a request holds. */
  close_request(_request: R): Awaitable<void> {}

  /** Reports an error of a handler; the other requests are served on. */
  handle_error(_request: R, client_address: Address, error: unknown): Awaitable<void> {
    const line = "-".repeat(40);
    console.error(line);
    console.error("Exception occurred during processing of request from", client_address);
    console.error(error);
    console.error(line);
  }

  /** Closes the server's socket. The promise is one for the requests that are still served, where there may be any. */
  server_close(): Promise<void> {
    return Promise.resolve();
  }

  /** Refuses class variables that were set too late; overridden where there are any. */
  protected checkFields(): void {}

  /** Ends serve_forever() where it runs, and closes the server, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#serving !== undefined) await this.shutdown();
    await this.server_close();
  }
}
