// All waits of the module in virtual time. Each ends exactly at its deadline, and an hour takes no real time.

import assert from "node:assert/strict";
import { errnoOf } from "../base/errno.ts";
import { simulate } from "../sim.ts";
import type { Host, Net, SocketModule } from "../sim.ts";
import type { Socket } from "../mod.ts";
import { failure } from "./sim/helpers.ts";

/** The latency of every link here, in seconds. */
const WAY = 0.01;

/** The objects of a test: a network, a host, and sockets to wait on. */
interface Place {
  net: Net;
  socket: SocketModule;
  near: Socket;
  far: Socket;
  /** A listener that has no connection. */
  listener: Socket;
  /** An address at which connections are neither accepted nor refused. */
  silent: [string, number];
}

/** Runs a program on a host that has a pair of connected sockets. */
async function inVirtualTime(program: (place: Place) => Promise<void>, globals = false): Promise<void> {
  await simulate({ seed: 1, limit: 100_000, link: { latency: WAY }, globals }, async (net) => {
    const gone = net.host("gone");
    gone.crash();
    await net.host("here").run(async ({ socket }) => {
      using listener = socket.create_server(["", 0]);
      const [near, far] = await socket.socketpair(socket.AF_INET);
      using _near = near, _far = far;
      await program({ net, socket, near, far, listener, silent: [gone.addresses[0], 80] });
    });
  });
}

/** Returns how many virtual seconds a call takes, and its error if it throws. */
async function timed(net: Net, call: () => unknown): Promise<[seconds: number, error: any]> {
  const begun = net.time;
  const error = await failure(async () => await call());
  return [Math.round((net.time - begun) * 1e9) / 1e9, error];
}

/** Sends until the buffers are full, and stay full after a delayed acknowledgement. */
async function fill(net: Net, { MSG_DONTWAIT }: SocketModule, sock: Socket): Promise<void> {
  for (let sent = 1; sent > 0;) {
    sent = 0;
    const full = await failure(async () => {
      for (;;) sent += await sock.send(new Uint8Array(100_000), MSG_DONTWAIT);
    });
    assert.equal(full.code, "EAGAIN");
    await net.sleep(1);
  }
}

const HOUR = 3600;
const EAGAIN = errnoOf("EAGAIN");
const EALREADY = errnoOf("EALREADY");

/** The calls that the timeout of the socket bounds. */
const BOUNDED: Record<string, (place: Place, timeout: number) => Promise<unknown>> = {
  recv: ({ near }, timeout) => (near.settimeout(timeout), near.recv(1)),
  recv_into: ({ near }, timeout) => (near.settimeout(timeout), near.recv_into(new Uint8Array(1))),
  recvfrom: ({ near }, timeout) => (near.settimeout(timeout), near.recvfrom(1)),
  recvmsg: ({ near }, timeout) => (near.settimeout(timeout), near.recvmsg(1)),
  "recvfrom of datagrams": ({ socket }, timeout) => {
    const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    sock.bind(["", 0]);
    sock.settimeout(timeout);
    return sock.recvfrom(1).finally(() => sock.close());
  },
  accept: ({ listener }, timeout) => (listener.settimeout(timeout), listener.accept()),
  send: ({ near }, timeout) => (near.settimeout(timeout), near.send("x")),
  sendall: ({ near }, timeout) => (near.settimeout(timeout), near.sendall(new Uint8Array(16 * 2 ** 20))),
  connect: ({ socket, silent }, timeout) => {
    const sock = socket.socket();
    sock.settimeout(timeout);
    return sock.connect(silent).finally(() => sock.close());
  },
  create_connection: ({ socket, silent }, timeout) => socket.create_connection(silent, timeout),
  "create_connection with happy_eyeballs_delay": ({ socket, silent }, timeout) =>
    socket.create_connection(silent, timeout, null, { happy_eyeballs_delay: 0.25 }),
  "reading a file": ({ near }, timeout) => (near.settimeout(timeout), near.makefile("rb").read(1)),
};

for (const [name, call] of Object.entries(BOUNDED)) {
  Deno.test(`sim: ${name} times out exactly after a millisecond, a second and a minute`, async () => {
    for (const timeout of [0.001, 1, 59.5]) {
      await inVirtualTime(async (place) => {
        if (name === "send") await fill(place.net, place.socket, place.near);
        const [seconds, error] = await timed(place.net, () => call(place, timeout));
        assert.deepEqual([seconds, error?.name], [timeout, "TimeoutError"]);
      });
    }
  });
}

Deno.test("sim: a connect without a timeout gives up after Linux's 127 seconds", async () => {
  await inVirtualTime(async ({ net, socket, silent }) => {
    for (const options of [undefined, { happy_eyeballs_delay: 0.25 }]) {
      const [seconds, error] = await timed(net, () => socket.create_connection(silent, null, null, options));
      assert.equal(error.code, "ETIMEDOUT");
      assert.equal(seconds, 1 + 2 + 4 + 8 + 16 + 32 + 64);
    }
  });
});

Deno.test("sim: a connect that was given up at a full queue connects when there is room", async () => {
  const ways: [seconds: number, giveUp: (client: Socket, address: any, net: Net) => Promise<unknown>][] = [
    [0.5, async (client, address, net) => {
      const abort = new AbortController();
      const waiting = failure(() => client.connect(address, { signal: abort.signal }));
      await net.sleep(0.5);
      abort.abort("enough");
      assert.equal(await waiting, "enough");
    }],
    [0.5, async (client, address) => {
      client.settimeout(0.5);
      assert.equal((await failure(() => client.connect(address))).name, "TimeoutError");
    }],
    [0.5, async (client, address) => {
      client.settimeout(0.5);
      assert.equal(await client.connect_ex(address), EAGAIN);
      // The connect is under way, and no other call may wait for its end.
      assert.equal(await client.connect_ex(address), EALREADY);
    }],
    [0, async (client, address) => {
      client.setblocking(false);
      assert.equal((await failure(() => client.connect(address))).code, "EINPROGRESS");
      assert.equal((await failure(() => client.connect(address))).code, "EALREADY");
    }],
  ];
  for (const [expected, giveUp] of ways) {
    await inVirtualTime(async ({ net, socket }) => {
      using server = socket.create_server(["", 0], { backlog: 0 });
      // The queue of a backlog of 0 holds one connection, and the second SYN is dropped.
      using first = await socket.create_connection(server.getsockname() as [string, number]);
      using second = socket.socket();
      const [seconds] = await timed(net, () => giveUp(second, first.getpeername(), net));
      assert.equal(seconds, expected);
      (await server.accept())[0].close();
      const [peer, address] = await server.accept();
      // The SYN is repeated a second after the first one.
      assert.equal(net.time, 1);
      second.settimeout(null);
      await second.sendall("through");
      assert.equal((await peer.recv(7)).length, 7);
      assert.deepEqual(second.getsockname(), address);
      peer.close();
    });
  }
});

Deno.test("sim: a blocking connect waits for a connect that was given up", async () => {
  await inVirtualTime(async ({ net, socket }) => {
    using server = socket.create_server(["", 0], { backlog: 0 });
    const address = server.getsockname() as [string, number];
    using _first = await socket.create_connection(address);
    using second = socket.socket();
    second.settimeout(0.5);
    assert.equal((await failure(() => second.connect(address))).name, "TimeoutError");
    second.settimeout(null);
    const connecting = second.connect(address);
    assert.equal((await failure(() => second.dup().connect(address))).code, "EALREADY");
    (await server.accept())[0].close();
    await connecting;
    assert.equal(net.time, 1);
    assert.equal(await second.send("x"), 1);
  });
});

/** Makes a struct timeval. */
function timeval(seconds: number): Uint8Array {
  const whole = Math.floor(seconds);
  return new Uint8Array(new BigInt64Array([BigInt(whole), BigInt(Math.round((seconds - whole) * 1e6))]).buffer);
}

Deno.test("sim: SO_RCVTIMEO and SO_SNDTIMEO bound each wait in the kernel, and settimeout the whole call", async () => {
  const limited = (sock: Socket, socket: SocketModule, name: "SO_RCVTIMEO" | "SO_SNDTIMEO") => {
    sock.setsockopt(socket.SOL_SOCKET, socket[name], timeval(2.5));
  };
  const calls: [seconds: number, code: string | undefined, call: (place: Place) => Promise<unknown>][] = [
    [2.5, "EAGAIN", ({ near, socket }) => (limited(near, socket, "SO_RCVTIMEO"), near.recv(1))],
    // A file returns null, as CPython's returns None.
    [2.5, undefined, ({ near, socket }) => (limited(near, socket, "SO_RCVTIMEO"), near.makefile("rb").read(1))],
    [2.5, "EAGAIN", ({ listener, socket }) => (limited(listener, socket, "SO_RCVTIMEO"), listener.accept())],
    [2.5, undefined, async ({ near, far, socket }) => {
      limited(near, socket, "SO_RCVTIMEO");
      await far.sendall("part");
      assert.equal((await near.recv(9, socket.MSG_WAITALL)).length, 4);
    }],
    // With a timeout, CPython polls first, so the option has no effect.
    [7, undefined, ({ near, socket }) => (limited(near, socket, "SO_RCVTIMEO"), near.settimeout(7), near.recv(1))],
    [0, "EAGAIN", ({ near, socket }) => (limited(near, socket, "SO_RCVTIMEO"), near.recv(1, socket.MSG_DONTWAIT))],
    // The first send(2) returns what it has sent, and the second one waits again.
    [
      5,
      "EAGAIN",
      ({ near, socket }) => (limited(near, socket, "SO_SNDTIMEO"), near.sendall(new Uint8Array(2 ** 24))),
    ],
    [2.5, "EINPROGRESS", ({ socket, silent }) => {
      const sock = socket.socket();
      limited(sock, socket, "SO_SNDTIMEO");
      return sock.connect(silent).finally(() => sock.close());
    }],
  ];
  for (const [number, [expected, code, call]] of calls.entries()) {
    await inVirtualTime(async (place) => {
      const [seconds, error] = await timed(place.net, () => call(place));
      assert.deepEqual([number, seconds, error?.code], [number, expected, code]);
      if (expected === 7) assert.equal(error?.name, "TimeoutError");
    });
  }
});

Deno.test("sim: a sendall with SO_SNDTIMEO continues for an hour while its peer reads from time to time", async () => {
  await inVirtualTime(async ({ net, near, far, socket }) => {
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval(60));
    // A third of the buffer must be free before a waiting send goes on.
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536);
    const data = new Uint8Array(8 * 2 ** 20).map((_, at) => at % 251);
    const sending = near.sendall(data);
    const received = new Uint8Array(data.length);
    for (let length = 0; length < data.length;) {
      await net.sleep(45);
      length += await far.recv_into(received.subarray(length, length + 100_000));
    }
    await sending;
    assert.ok(net.time > HOUR, `${net.time} s`);
    assert.deepEqual(received, data);
  });
});

Deno.test("sim: select, poll, epoll and selectors wait exactly for their timeout, each in its unit", async () => {
  await inVirtualTime(async ({ net, near, socket }) => {
    const poller = socket.poll();
    poller.register(near, socket.POLLIN);
    using epoll = socket.epoll();
    epoll.register(near, socket.EPOLLIN);
    const selector = new socket.DefaultSelector();
    selector.register(near, socket.EVENT_READ);
    const waits: [expected: number, wait: () => Promise<unknown[]>][] = [
      [0, () => socket.select([near], [], [], 0)],
      // Timeouts are rounded up to whole milliseconds.
      [0.002, () => socket.select([near], [], [], 0.0015)],
      [HOUR, () => socket.select([near], [], [], HOUR)],
      [720.5, () => socket.select([], [], [], 720.5)],
      [0, () => poller.poll(0)],
      [0.25, () => poller.poll(250)],
      [0.002, () => poller.poll(1.2)],
      [0, () => epoll.poll(0)],
      [0.25, () => epoll.poll(0.25)],
      [0.002, () => epoll.poll(0.0012)],
      [2, () => selector.select(2)],
    ];
    for (const [place, [expected, wait]] of waits.entries()) {
      const begun = net.time;
      const found = await wait();
      assert.deepEqual(found.flat(), []);
      assert.deepEqual([place, Math.round((net.time - begun) * 1e9) / 1e9], [place, expected]);
    }
    selector.close();
  });
});

Deno.test("sim: select, poll and epoll end at the moment at which a socket is ready", async () => {
  await inVirtualTime(async ({ net, near, far, socket }) => {
    const poller = socket.poll();
    poller.register(near, socket.POLLIN);
    using epoll = socket.epoll();
    epoll.register(near, socket.EPOLLIN);
    for (
      const wait of [
        () => socket.select([near], [], [], HOUR),
        () => socket.select([near], [], []),
        () => poller.poll(HOUR * 1000),
        () => epoll.poll(HOUR),
      ]
    ) {
      const begun = net.time;
      const waiting = wait();
      await net.sleep(12.5);
      await far.sendall("x");
      assert.equal((await waiting).flat().length > 0, true);
      assert.equal(net.time - begun, 12.5);
      await near.recv(1);
    }
  });
});

Deno.test("sim: AbortSignal.timeout ends a wait exactly at its timeout if the run has virtual globals", async () => {
  await inVirtualTime(async ({ net, near, listener, socket }) => {
    for (
      const wait of [
        (signal: AbortSignal) => near.recv(1, 0, { signal }),
        (signal: AbortSignal) => listener.accept({ signal }),
        (signal: AbortSignal) => socket.select([near], [], [], null, { signal }),
      ]
    ) {
      const [seconds, error] = await timed(net, () => wait(AbortSignal.timeout(1500)));
      assert.deepEqual([seconds, error.name], [1.5, "TimeoutError"]);
    }
  }, true);
});

/** Runs a client. Its server has two addresses: the first is silent, and the second answers. */
async function twoAddresses(client: (net: Net, host: Host, port: number) => Promise<void>): Promise<void> {
  await simulate({ seed: 1, limit: 1000, link: { latency: WAY } }, async (net) => {
    const server = net.host("server", { addresses: ["10.1.0.1", "10.1.0.2"] });
    const { socket } = server;
    // The queue of a backlog of 0 holds one connection. Every later SYN is dropped.
    const silent = socket.socket();
    silent.bind(["10.1.0.1", 80]);
    silent.listen(0);
    await socket.create_connection(["10.1.0.1", 80]);
    const answering = socket.create_server(["10.1.0.2", 80]);
    await client(net, net.host("client"), (answering.getsockname() as [string, number])[1]);
  });
}

Deno.test("sim: happy eyeballs: the attempt at the second address starts after the delay", async () => {
  for (const delay of [0, 0.05, 0.25, 3]) {
    await twoAddresses(async (net, { socket }, port) => {
      const begun = net.time;
      const sock = await socket.create_connection(["server", port], 60, null, { happy_eyeballs_delay: delay });
      assert.equal(Math.round((net.time - begun) * 1e9) / 1e9, delay + 2 * WAY);
      assert.deepEqual(sock.getpeername(), ["10.1.0.2", 80]);
      assert.equal(sock.gettimeout(), 60);
    });
  }
});

Deno.test("sim: without happy eyeballs create_connection waits until the first address times out", async () => {
  await twoAddresses(async (net, { socket }, port) => {
    const begun = net.time;
    const sock = await socket.create_connection(["server", port]);
    assert.equal(Math.round((net.time - begun) * 1e9) / 1e9, 127 + 2 * WAY);
    assert.deepEqual(sock.getpeername(), ["10.1.0.2", 80]);
  });
});

Deno.test("sim: happy eyeballs: a refused address starts the next one at once", async () => {
  await simulate({ seed: 1, link: { latency: WAY } }, async (net) => {
    const { socket } = net.host("server", { addresses: ["10.1.0.1", "10.1.0.2", "10.1.0.3"] });
    socket.create_server(["10.1.0.3", 80]);
    const client = net.host("client").socket;
    const sock = await client.create_connection(["server", 80], undefined, null, { happy_eyeballs_delay: HOUR });
    assert.deepEqual(sock.getpeername(), ["10.1.0.3", 80]);
    assert.equal(Math.round(net.time * 1e9) / 1e9, 6 * WAY, "a refusal after a refusal, and then the connection");
  });
});
