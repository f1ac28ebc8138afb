// socketserver on every backend: CPython's test_socketserver, and the examples of its documentation.

import assert from "node:assert/strict";
import type { Socket, WaitOptions } from "../../mod.ts";
import { TemporaryDirectory } from "../_helpers.ts";
import { failure, settled, staysPending, text } from "./fixtures.ts";
import type { Subject } from "./fixtures.ts";

/** The names of a backend's socketserver. */
export type ServerModule = typeof import("../../socketserver.ts");

const HELLO = "hello world\n";

/** Makes a signal, and the function that aborts it. */
function newSignal(): { signal: AbortSignal; abort(reason: unknown): void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}

/** Declares the cases for one backend. */
export function testSocketServer({ name, module: m, exempt = {} }: Subject, s: ServerModule): void {
  const test = (title: string, fn: () => Promise<void>) => {
    if (!Object.hasOwn(exempt, title)) Deno.test(`${name}: socketserver: ${title}`, fn);
  };

  /** Makes one exchange with a stream server that sends its input back. */
  async function askStream(address: any, family: number): Promise<void> {
    using client = m.socket(family);
    await client.connect(address);
    await client.sendall(HELLO);
    await using answer = client.makefile("r");
    assert.equal(await answer.readline(), HELLO);
  }

  for (const kind of ["TCPServer", "ThreadingTCPServer", "UnixStreamServer", "ThreadingUnixStreamServer"] as const) {
    test(`${kind} answers three clients`, async () => {
      using directory = new TemporaryDirectory();
      class Echo extends s.StreamRequestHandler {
        override async handle() {
          await this.wfile.write(await this.rfile.readline() ?? "");
        }
      }
      const unix = kind.includes("Unix");
      const server = new s[kind](unix ? directory.fresh() : ["127.0.0.1", 0], Echo);
      assert.deepEqual(server.server_address, server.socket.getsockname());
      const serving = server.serve_forever();
      for (let i = 0; i < 3; i++) await askStream(server.server_address, server.address_family);
      await server.shutdown();
      await serving;
      await server.server_close();
      assert.equal(server.socket.fileno(), -1);
      assert.equal(server.fileno(), -1);
    });
  }

  for (
    const kind of ["UDPServer", "ThreadingUDPServer", "UnixDatagramServer", "ThreadingUnixDatagramServer"] as const
  ) {
    test(`${kind} answers three clients`, async () => {
      using directory = new TemporaryDirectory();
      class Echo extends s.DatagramRequestHandler {
        override async handle() {
          await this.wfile.write(await this.rfile.readline() ?? "");
        }
      }
      const unix = kind.includes("Unix");
      const server = new s[kind](unix ? directory.fresh() : ["127.0.0.1", 0], Echo);
      const serving = server.serve_forever();
      for (let i = 0; i < 3; i++) {
        using client = m.socket(server.address_family, m.SOCK_DGRAM);
        client.bind(unix ? directory.fresh() : ["127.0.0.1", 0]);
        // The answer is the first line only.
        await client.sendto(`${HELLO}and more`, server.server_address);
        assert.equal(text(await client.recv(100)), HELLO);
      }
      await server.shutdown();
      await serving;
      await server.server_close();
      assert.equal(server.socket.fileno(), -1);
    });
  }

  test("shutdown ends serve_forever at once, with any poll interval", async () => {
    const servers = Array.from({ length: 20 }, () => new s.TCPServer(["127.0.0.1", 0], s.StreamRequestHandler));
    for (const server of servers) {
      const serving = server.serve_forever(null);
      await settled(server.shutdown());
      await settled(serving);
    }
    for (const server of servers) await server.server_close();
  });

  test("after shutdown, the next serve_forever returns at once", async () => {
    await using server = new s.TCPServer(["127.0.0.1", 0], s.BaseRequestHandler);
    await settled(server.shutdown());
    await settled(server.serve_forever());
    const serving = server.serve_forever();
    await staysPending(serving);
    await server.shutdown();
    await serving;
  });

  test("a server can be closed at once", async () => {
    class Server extends s.ThreadingMixIn(s.TCPServer) {}
    await new Server(["127.0.0.1", 0], s.BaseRequestHandler).server_close();
  });

  test("a server whose bind fails leaves no socket open", () => {
    let opened: Socket[] = [];
    class Server extends s.TCPServer {
      override open(family: number, type: number): Socket {
        const socket = super.open(family, type);
        opened.push(socket);
        return socket;
      }
    }
    for (let i = 0; i < 50; i++) {
      assert.throws(() => new Server(["127.0.0.1", -1], s.StreamRequestHandler), RangeError);
    }
    assert.equal(opened.length, 50);
    assert.ok(opened.every((socket) => socket.fileno() === -1));
    opened = [];
    return Promise.resolve();
  });

  test("await using closes a server, also while it serves", async () => {
    let server: InstanceType<typeof s.TCPServer>, serving: Promise<void>;
    {
      await using idle = new s.TCPServer(["127.0.0.1", 0], s.StreamRequestHandler);
      await using busy = new s.TCPServer(["127.0.0.1", 0], s.StreamRequestHandler);
      serving = busy.serve_forever();
      server = idle;
    }
    await settled(serving);
    assert.equal(server.socket.fileno(), -1);
  });

  test("serve_forever of a closed server rejects", async () => {
    const server = new s.TCPServer(["127.0.0.1", 0], s.StreamRequestHandler);
    await server.server_close();
    await assert.rejects(server.serve_forever(), { name: "RangeError", message: "Invalid file descriptor: -1" });
  });

  test("server_close without shutdown ends serve_forever too", async () => {
    const server = new s.TCPServer(["127.0.0.1", 0], s.StreamRequestHandler);
    const serving = server.serve_forever(null);
    await staysPending(serving);
    await server.server_close();
    await settled(serving);
  });

  /** Serves one client with a handler that throws. Returns the log. */
  async function serveBadHandler(Server: any): Promise<{ log: string[]; server: any }> {
    const log: string[] = [];
    const handled = Promise.withResolvers<void>();
    class Bad extends s.BaseRequestHandler {
      override handle() {
        log.push("handler called");
        throw new RangeError("test error");
      }
      override finish() {
        log.push("finished");
      }
    }
    class ErrorServer extends Server {
      handle_error(_request: unknown, _address: unknown, error: Error) {
        log.push(`${error.name} handled`);
      }
      async shutdown_request(request: unknown) {
        await super.shutdown_request(request);
        log.push("closed");
        handled.resolve();
      }
    }
    const server: any = new (ErrorServer as any)(["127.0.0.1", 0], Bad);
    using client = await m.create_connection(server.server_address);
    await server.handle_request();
    await handled.promise;
    assert.equal((await client.recv(1)).length, 0);
    await server.server_close();
    return { log, server };
  }

  for (const kind of ["TCPServer", "ThreadingTCPServer"] as const) {
    test(`${kind} hands an error of a handler to handle_error, and ends that request`, async () => {
      const { log } = await serveBadHandler(s[kind]);
      assert.deepEqual(log, ["handler called", "finished", "RangeError handled", "closed"]);
    });

    test(`${kind} reports an error of a handler, and serves the next client`, async () => {
      let calls = 0;
      class Second extends s.StreamRequestHandler {
        override async handle() {
          if (++calls === 1) throw new Error("the first one fails");
          await this.wfile.write("served\n");
        }
      }
      const printed: unknown[] = [];
      const original = console.error;
      console.error = (...values) => void printed.push(...values);
      try {
        await using server = new s[kind](["127.0.0.1", 0], Second);
        server.serve_forever();
        for (const expected of ["", "served\n"]) {
          using client = await m.create_connection(server.server_address);
          assert.equal(text(await client.recv(100)), expected);
        }
      } finally {
        console.error = original;
      }
      assert.ok(printed.some((value) => value instanceof Error && value.message === "the first one fails"));
      assert.equal(printed.filter((value) => String(value).startsWith("Exception occurred")).length, 1);
    });
  }

  test("an error of handle_error ends serve_forever, and frees the request", async () => {
    class Bad extends s.BaseRequestHandler {
      override handle() {
        throw new Error("first");
      }
    }
    class Server extends s.TCPServer {
      override handle_error() {
        throw new Error("second");
      }
    }
    await using server = new Server(["127.0.0.1", 0], Bad);
    const serving = failure(() => server.serve_forever());
    using client = await m.create_connection(server.server_address);
    assert.equal((await settled(serving)).message, "second");
    assert.equal((await client.recv(1)).length, 0);
  });

  test("an error of setup ends the request, without finish", async () => {
    const log: string[] = [];
    class Half extends s.StreamRequestHandler {
      override async setup() {
        await super.setup();
        throw new Error("in setup");
      }
      override async finish() {
        log.push("finish");
        await super.finish();
      }
    }
    class Server extends s.TCPServer {
      override handle_error(_request: Socket, _address: unknown, error: unknown) {
        log.push((error as Error).message);
      }
    }
    await using server = new Server(["127.0.0.1", 0], Half);
    const served = server.handle_request();
    using client = await m.create_connection(server.server_address);
    await served;
    assert.equal((await client.recv(1)).length, 0);
    assert.deepEqual(log, ["in setup"]);
  });

  test("what a handler wrote is sent if it closes its request", async () => {
    class Handler extends s.StreamRequestHandler {
      override wbufsize = -1;
      override async handle() {
        await this.wfile.write("late");
        this.request.close();
      }
    }
    await using server = new s.TCPServer(["127.0.0.1", 0], Handler);
    using client = await m.create_connection(server.server_address);
    await server.handle_request();
    assert.equal(text(await client.recv(10)), "late");
    assert.equal((await client.recv(10)).length, 0);
  });

  test("a request is closed if setup throws, or if finish closes no files", async () => {
    const requests: Socket[] = [];
    class Half extends s.StreamRequestHandler {
      override async setup() {
        requests.push(this.request);
        await super.setup();
        throw new Error("in setup");
      }
    }
    class Unfinished extends s.StreamRequestHandler {
      override handle() {
        requests.push(this.request);
      }
      override async finish() {}
    }
    for (const Handler of [Half, Unfinished]) {
      class Server extends s.TCPServer {
        override handle_error() {}
      }
      await using server = new Server(["127.0.0.1", 0], Handler);
      using client = await m.create_connection(server.server_address);
      await server.handle_request();
      assert.equal((await client.recv(1)).length, 0);
    }
    assert.deepEqual(requests.map((request) => request.fileno()), [-1, -1]);
  });

  test("wfile has the descriptor of the request", async () => {
    const found: number[] = [];
    class Handler extends s.StreamRequestHandler {
      override handle() {
        found.push(this.wfile.fileno(), this.request.fileno());
      }
    }
    await using server = new s.TCPServer(["127.0.0.1", 0], Handler);
    (await m.create_connection(server.server_address)).close();
    await server.handle_request();
    assert.equal(found[0], found[1]);
    assert.ok(found[0] >= 0);
  });

  test("a write to wfile sends all of its data at once", async () => {
    const BIG = 16 * 1024 * 1024 + 1;
    const seen: Record<string, unknown> = {};
    class Handler extends s.StreamRequestHandler {
      override async handle() {
        seen.sent1 = await this.wfile.write("write data\n");
        seen.received = text(await this.rfile.readline() as Uint8Array);
        seen.sent2 = await this.wfile.write(new Uint8Array(BIG));
      }
    }
    await using server = new s.TCPServer(["127.0.0.1", 0], Handler);
    const served = server.handle_request();
    using client = await m.create_connection(server.server_address);
    await using reader = client.makefile("rb");
    assert.equal(text(await reader.readline() as Uint8Array), "write data\n");
    await client.sendall("client response\n");
    let length = 0;
    for await (const chunk of client) length += chunk.length;
    length += (await reader.read())!.length;
    await served;
    assert.deepEqual(seen, { sent1: 11, received: "client response\n", sent2: BIG });
    assert.equal(length, BIG);
  });

  test("with wbufsize a write is sent at flush or at the end", async () => {
    class Handler extends s.StreamRequestHandler {
      override wbufsize = -1;
      override async handle() {
        await this.wfile.write("one ");
        assert.deepEqual((await m.select([this.connection], [], [], 0))[0], []);
        await this.wfile.write("two");
      }
    }
    await using server = new s.TCPServer(["127.0.0.1", 0], Handler);
    const served = server.handle_request();
    using client = await m.create_connection(server.server_address);
    assert.equal(text(await client.recv(100, m.MSG_WAITALL)), "one two");
    await served;
  });

  test("timeout and disable_nagle_algorithm of a handler are set on its connection", async () => {
    let found: unknown[] = [];
    class Handler extends s.StreamRequestHandler {
      override timeout = 7.5;
      override disable_nagle_algorithm = true;
      override handle() {
        found = [this.connection.gettimeout(), this.connection.getsockopt(m.IPPROTO_TCP, m.TCP_NODELAY)];
      }
    }
    await using server = new s.TCPServer(["127.0.0.1", 0], Handler);
    (await m.create_connection(server.server_address)).close();
    await server.handle_request();
    assert.equal(found[0], 7.5);
    assert.notEqual(found[1], 0);
  });

  test("shutdown_request is called if verify_request refuses a request", async () => {
    let closed = 0, handled = 0;
    class Handler extends s.BaseRequestHandler {
      override handle() {
        handled++;
      }
    }
    class Server extends s.TCPServer {
      override verify_request() {
        return false;
      }
      override async shutdown_request(request: Socket) {
        closed++;
        await super.shutdown_request(request);
      }
    }
    await using server = new Server(["127.0.0.1", 0], Handler);
    (await m.create_connection(server.server_address)).close();
    await server.handle_request();
    assert.deepEqual([closed, handled], [1, 0]);
  });

  test("an error of verify_request rejects, and ends the request", async () => {
    class Server extends s.TCPServer {
      override verify_request(): boolean {
        throw new Error("not verified");
      }
    }
    await using server = new Server(["127.0.0.1", 0], s.BaseRequestHandler);
    using client = await m.create_connection(server.server_address);
    assert.equal((await failure(() => server.handle_request())).message, "not verified");
    assert.equal((await settled(client.recv(1))).length, 0);
  });

  test("a datagram's reply has the writes that the handler did not await", async () => {
    class Handler extends s.DatagramRequestHandler {
      override handle() {
        for (const part of ["one ", "two ", "three"]) void this.wfile.write(part);
      }
    }
    await using server = new s.UDPServer(["127.0.0.1", 0], Handler);
    using client = m.socket(m.AF_INET, m.SOCK_DGRAM);
    await client.sendto("?", server.server_address);
    await server.handle_request();
    assert.equal(text(await client.recv(100)), "one two three");
  });

  test("handle_request calls handle_timeout after the shorter of the server's and the socket's timeout", async () => {
    const log: string[] = [];
    class Server extends s.TCPServer {
      override timeout: number | null = 0.01;
      override handle_timeout() {
        log.push("timed out");
      }
    }
    await using server = new Server(["127.0.0.1", 0], s.BaseRequestHandler);
    server.socket.settimeout(3600);
    await settled(server.handle_request());
    server.timeout = 3600;
    server.socket.settimeout(0);
    await settled(server.handle_request());
    assert.deepEqual(log, ["timed out", "timed out"]);
  });

  test("service_actions is called in each round", async () => {
    const { promise: thrice, resolve } = Promise.withResolvers<void>();
    let rounds = 0;
    class Server extends s.TCPServer {
      override service_actions() {
        if (++rounds === 3) resolve();
      }
    }
    await using server = new Server(["127.0.0.1", 0], s.BaseRequestHandler);
    server.serve_forever(0.001);
    await settled(thrice);
  });

  test("service_actions is called after a request during which shutdown was called, and no further request", async () => {
    const log: string[] = [];
    class Handler extends s.BaseRequestHandler {
      override handle() {
        log.push("request");
        void this.server.shutdown();
      }
    }
    class Server extends s.TCPServer {
      override service_actions() {
        log.push("actions");
      }
    }
    await using server = new Server(["127.0.0.1", 0], Handler);
    const clients = await Promise.all([1, 2].map(() => m.create_connection(server.server_address)));
    await server.serve_forever();
    assert.deepEqual(log, ["request", "actions"]);
    for (const client of clients) client.close();
  });

  test("a plain server serves one request after another, and a Threading server all concurrently", async () => {
    for (const [kind, together] of [["TCPServer", 1], ["ThreadingTCPServer", 3]] as const) {
      const gate = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      let running = 0, most = 0;
      class Handler extends s.BaseRequestHandler<Socket> {
        override async handle() {
          most = Math.max(most, ++running);
          if (running === together) reached.resolve();
          await gate.promise;
          running--;
        }
      }
      await using server = new s[kind](["127.0.0.1", 0], Handler);
      server.serve_forever();
      const clients = await Promise.all([1, 2, 3].map(() => m.create_connection(server.server_address)));
      await settled(reached.promise);
      gate.resolve();
      for (const client of clients) {
        assert.equal((await client.recv(1)).length, 0);
        client.close();
      }
      assert.equal(most, together);
    }
  });

  test("server_close of a Threading server waits for its requests, unless block_on_close is false", async () => {
    for (const wait of [true, false]) {
      const gate = Promise.withResolvers<void>();
      class Handler extends s.StreamRequestHandler {
        override async handle() {
          await this.wfile.write("started");
          await gate.promise;
          await this.wfile.write(" and ended");
        }
      }
      class Server extends s.ThreadingMixIn(s.TCPServer) {
        override block_on_close = wait;
      }
      const server = new Server(["127.0.0.1", 0], Handler);
      const serving = server.serve_forever();
      using client = await m.create_connection(server.server_address);
      assert.equal(text(await client.recv(100)), "started");
      await server.shutdown();
      await serving;
      const closing = server.server_close();
      if (wait) await staysPending(closing);
      else await settled(closing);
      gate.resolve();
      await settled(closing);
      assert.equal(text(await client.recv(100, m.MSG_WAITALL)), " and ended");
      assert.equal((await client.recv(1)).length, 0);
    }
  });

  test("process_request_thread of a Threading server surrounds each request", async () => {
    const log: string[] = [];
    class Handler extends s.BaseRequestHandler {
      override handle() {
        log.push("handle");
      }
    }
    class Server extends s.ThreadingMixIn(s.TCPServer) {
      override async process_request_thread(request: Socket, client_address: any) {
        log.push("before");
        await super.process_request_thread(request, client_address);
        log.push(`after, ${request.fileno()}`);
      }
    }
    const server = new Server(["127.0.0.1", 0], Handler);
    using _client = await m.create_connection(server.server_address);
    await server.handle_request();
    await server.server_close();
    assert.deepEqual(log, ["before", "handle", "after, -1"]);
  });

  test("an error of handle_error in a Threading server is reported, and the server goes on", async () => {
    let calls = 0;
    class Handler extends s.StreamRequestHandler {
      override async handle() {
        if (++calls === 1) throw new Error("first");
        await this.wfile.write("served");
      }
    }
    class Server extends s.ThreadingMixIn(s.TCPServer) {
      override handle_error() {
        throw new Error("second");
      }
    }
    const printed: unknown[] = [];
    const original = console.error;
    console.error = (...values) => void printed.push(...values);
    try {
      await using server = new Server(["127.0.0.1", 0], Handler);
      server.serve_forever();
      for (const expected of ["", "served"]) {
        using client = await m.create_connection(server.server_address);
        assert.equal(text(await client.recv(100)), expected);
      }
    } finally {
      console.error = original;
    }
    assert.ok(printed.some((value) => value instanceof Error && value.message === "second"));
  });

  test("class variables take effect at bind, and the error for a field names the alternative", async () => {
    class Shared extends s.TCPServer {
      static override allow_reuse_port = true;
      static override request_queue_size = 64;
    }
    await using first = new Shared(["127.0.0.1", 0], s.BaseRequestHandler);
    await using second = new Shared(first.server_address, s.BaseRequestHandler);
    assert.deepEqual(second.server_address, first.server_address);
    assert.equal(first.request_queue_size, 64);

    class SixServer extends s.TCPServer {
      static override address_family = m.AF_INET6;
    }
    await using six = new SixServer(["::1", 0], s.BaseRequestHandler);
    assert.equal(six.socket.family, m.AF_INET6);

    // TypeScript refuses this class as well, hence the cast.
    class Late extends (s.TCPServer as any) {
      allow_reuse_address = true;
    }
    await using late: any = new (Late as any)(["127.0.0.1", 0], s.BaseRequestHandler);
    for (const call of [() => late.serve_forever(), () => late.handle_request()]) {
      assert.match((await failure(call)).message, /write static allow_reuse_address/);
    }
  });

  test("bind_and_activate: false leaves bind and listen to the caller", async () => {
    for (const option of [false, { bind_and_activate: false }]) {
      await using server: any = new s.TCPServer(["127.0.0.1", 0], s.BaseRequestHandler, option);
      assert.equal(server.socket.getsockopt(m.SOL_SOCKET, m.SO_ACCEPTCONN), 0);
      // Nothing is bound yet, so a later value of a field takes effect.
      Object.defineProperty(server, "request_queue_size", { value: 7 });
      server.server_bind();
      server.server_activate();
      assert.notEqual(server.server_address[1], 0);
      assert.notEqual(server.socket.getsockopt(m.SOL_SOCKET, m.SO_ACCEPTCONN), 0);
      (await m.create_connection(server.server_address)).close();
      await server.handle_request();
    }
  });

  test("a signal ends waits, and the next call serves the next client", async () => {
    class Handler extends s.StreamRequestHandler {
      override async handle() {
        await this.wfile.write("served");
      }
    }
    await using server = new s.TCPServer(["127.0.0.1", 0], Handler);
    for (const wait of ["serve_forever", "handle_request"] as const) {
      const controller = new AbortController();
      const { signal } = controller;
      const waiting = failure(() =>
        wait === "serve_forever" ? server.serve_forever(null, { signal }) : server.handle_request({ signal })
      );
      controller.abort("enough");
      assert.equal(await settled(waiting), "enough");
    }
    using client = await m.create_connection(server.server_address);
    await server.handle_request();
    assert.equal(text(await client.recv(100)), "served");
  });

  test("a signal that is aborted during get_request rejects handle_request, and the request stays queued", async () => {
    const { signal, abort } = newSignal();
    class Server extends s.TCPServer {
      override get_request(options?: WaitOptions) {
        abort("enough");
        return super.get_request(options);
      }
    }
    await using server = new Server(["127.0.0.1", 0], s.BaseRequestHandler);
    using client = await m.create_connection(server.server_address);
    assert.equal(await failure(() => server.handle_request({ signal })), "enough");
    await server.handle_request();
    assert.equal((await client.recv(1)).length, 0);
  });

  test("a signal that is aborted while a handler runs does not reject handle_request", async () => {
    const { signal, abort } = newSignal();
    class Handler extends s.BaseRequestHandler {
      override handle() {
        abort("enough");
      }
    }
    await using server = new s.TCPServer(["127.0.0.1", 0], Handler);
    using client = await m.create_connection(server.server_address);
    await server.handle_request({ signal });
    assert.equal((await client.recv(1)).length, 0);
  });

  test("without free descriptors serve_forever pauses, and it continues when there are some", async () => {
    let failures = 0;
    class Server extends s.TCPServer {
      override async get_request(): Promise<[Socket, any]> {
        if (++failures <= 3) throw Object.assign(new m.OSError(24, "Too many open files"), { code: "EMFILE" });
        return await super.get_request();
      }
    }
    class Handler extends s.StreamRequestHandler {
      override async handle() {
        await this.wfile.write("served");
      }
    }
    await using server = new Server(["127.0.0.1", 0], Handler);
    using client = await m.create_connection(server.server_address);
    const before = performance.now();
    server.serve_forever();
    assert.equal(text(await client.recv(100)), "served");
    assert.equal(failures, 4);
    // It waits for 5, 10 and 20 ms.
    assert.ok(performance.now() - before >= 34);
  });

  test("wrong arguments are refused before anything is opened", async () => {
    assert.throws(() => new s.TCPServer(["127.0.0.1", 0], (() => {})() as any), TypeError);
    for (const wrong of ["yes", { bind: false }]) {
      assert.throws(() => new s.TCPServer(["127.0.0.1", 0], s.BaseRequestHandler, wrong as any), TypeError);
    }
    await using server = new s.TCPServer(["127.0.0.1", 0], s.BaseRequestHandler);
    assert.ok(await failure(() => server.serve_forever("soon" as any)) instanceof TypeError);
    const serving = server.serve_forever();
    assert.match((await failure(() => server.serve_forever())).message, /running already/);
    await server.shutdown();
    await serving;
  });

  // The examples of https://docs.python.org/3.13/library/socketserver.html, with both ends in one process.

  test("documentation: MyTCPHandler, which collects up to a newline with recv", async () => {
    class MyTCPHandler extends s.BaseRequestHandler<Socket> {
      override async handle() {
        const pieces: Uint8Array[] = [];
        let total = 0;
        while (!pieces.at(-1)?.includes(10) && total < 10_000) {
          pieces.push(await this.request.recv(2000));
          total += pieces.at(-1)!.length;
        }
        const data = await new Blob(pieces as BlobPart[]).text();
        await this.request.sendall(data.toUpperCase().trimEnd());
      }
    }
    await using server = new s.TCPServer(["localhost", 0], MyTCPHandler);
    server.serve_forever();
    for (const said of ["hello world with TCP", "python is nice"]) {
      using sock = m.socket(m.AF_INET, m.SOCK_STREAM);
      await sock.connect(server.server_address);
      await sock.sendall(said);
      await sock.sendall("\n");
      assert.equal(text(await sock.recv(1024)), said.toUpperCase());
    }
  });

  test("documentation: MyTCPHandler as a StreamRequestHandler", async () => {
    const clients: unknown[] = [];
    class MyTCPHandler extends s.StreamRequestHandler {
      override async handle() {
        const data = text(await this.rfile.readline(10_000) as Uint8Array).trimEnd();
        clients.push(this.client_address);
        await this.wfile.write(data.toUpperCase());
      }
    }
    await using server = new s.TCPServer(["localhost", 0], MyTCPHandler);
    server.serve_forever();
    using sock = await m.create_connection(server.server_address);
    await sock.sendall("hello world with TCP\n");
    assert.equal(text(await sock.recv(1024)), "HELLO WORLD WITH TCP");
    assert.deepEqual(clients, [sock.getsockname()]);
  });

  test("documentation: MyUDPHandler", async () => {
    class MyUDPHandler extends s.BaseRequestHandler<[Uint8Array, Socket]> {
      override async handle() {
        const [data, socket] = this.request;
        await socket.sendto(text(data).trim().toUpperCase(), this.client_address);
      }
    }
    await using server = new s.UDPServer(["localhost", 0], MyUDPHandler);
    server.serve_forever();
    using sock = m.socket(m.AF_INET, m.SOCK_DGRAM);
    await sock.sendto("hello world with UDP\n", server.server_address);
    assert.equal(text(await sock.recv(1024)), "HELLO WORLD WITH UDP");
  });

  test("documentation: ThreadedTCPServer by ThreadingMixIn", async () => {
    class ThreadedTCPRequestHandler extends s.BaseRequestHandler<Socket> {
      override async handle() {
        await this.request.sendall(`${this.server.label}: ${text(await this.request.recv(1024))}`);
      }
    }
    class ThreadedTCPServer extends s.ThreadingMixIn(s.TCPServer) {
      label = "Thread";
    }
    await using server = new ThreadedTCPServer(["localhost", 0], ThreadedTCPRequestHandler);
    server.serve_forever();
    const answers = await Promise.all([1, 2, 3].map(async (i) => {
      using sock = m.socket();
      await sock.connect(server.server_address);
      await sock.sendall(`Hello World ${i}`);
      return text(await sock.recv(1024));
    }));
    assert.deepEqual(answers, ["Thread: Hello World 1", "Thread: Hello World 2", "Thread: Hello World 3"]);
    await server.shutdown();
  });
}
