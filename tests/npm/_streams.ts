// Shared by the tests of packages: sockets of each backend as Node streams, and the packages themselves.
//
// The packages are loaded by require, so that `deno check` does not need them.

import { once } from "node:events";
import { createRequire } from "node:module";
import { toNodeStream } from "../../node.ts";
import type { NodeStream } from "../../node.ts";
import type { Socket } from "../../mod.ts";
import { BACKENDS } from "../_backends.ts";
import type { Module } from "../conformance/fixtures.ts";

/** Loads a package of tests/npm. */
export const load: (name: string) => any = createRequire(import.meta.url);

/** The streams of the test that is running. */
let streams: NodeStream[] = [];

function streamOf(sock: Socket): NodeStream {
  const stream = toNodeStream(sock);
  streams.push(stream);
  return stream;
}

/**
 * Waits until every stream of the test is closed. Packages close their streams shortly after they have reported their
 * end.
 */
async function closeStreams(): Promise<void> {
  const left = streams.filter((stream) => !stream.closed);
  streams = [];
  await within(Promise.all(left.map((stream) => {
    const closed = once(stream, "close");
    stream.destroy();
    return closed;
  })));
}

/** A test over each backend. */
export function onEachBackend(
  title: string,
  fn: (m: Module) => Promise<void>,
  options: Partial<Deno.TestDefinition> = {},
): void {
  for (const { name, module } of BACKENDS) {
    Deno.test({
      // The native backend's parked epoll_wait ends shortly after the last waiter has left.
      sanitizeOps: name !== "native",
      sanitizeResources: true,
      ...options,
      name: `${name}: ${title}`,
      async fn() {
        try {
          await fn(module);
        } finally {
          await closeStreams();
        }
      },
    });
  }
}

/** Connects to a port of this machine, or to a path. */
export async function dial(
  m: Module,
  to: number | string,
): Promise<NodeStream> {
  if (typeof to === "number") {
    return streamOf(await m.create_connection(["127.0.0.1", to]));
  }
  const sock = m.socket(m.AF_UNIX);
  await sock.connect(to);
  return streamOf(sock);
}

/**
 * Makes an HTTP server keep connections alive that are passed to it. If Deno's server does not listen itself, it closes
 * each connection after an answer.
 */
export function keepAlive<T extends object>(server: T): T {
  return Object.defineProperty(server, "listening", { value: true });
}

/** A server of this module that passes each connection on as a stream. */
export class StreamServer implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Socket;
  readonly #serving: Promise<void>;
  /** The number of connections so far. */
  connections = 0;

  constructor(m: Module, handle: (stream: NodeStream) => void) {
    const listener = m.create_server(["127.0.0.1", 0]);
    this.#listener = listener;
    this.port = Number(listener.getsockname()[1]);
    this.#serving = (async () => {
      for await (const [conn] of listener) {
        this.connections++;
        handle(streamOf(conn));
      }
    })();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }
}

/** Rejects if a promise does not settle in time. A passing test does not wait for the limit. */
export async function within<T>(promise: Promise<T>, seconds = 30): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`nothing within ${seconds} s`)),
    seconds * 1000,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
