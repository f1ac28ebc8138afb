// Many sockets at the same moment: what the kernel has for them is found on all of them, also without waiting.

import assert from "node:assert/strict";
import { BACKENDS } from "./_backends.ts";
import type { Module } from "./conformance/fixtures.ts";
import { AF_INET, AF_UNIX, EPOLLIN, POLLIN, SHUT_RD, SOCK_DGRAM } from "../mod.ts";
import type { Socket } from "../mod.ts";

/** More than Deno reports while its event loop turns 128 times. */
const MANY = 700;

/** Sockets that the kernel has something for, and the non-blocking call that takes it. */
interface Ready {
  sockets: Socket[];
  take(one: Socket): Promise<unknown>;
  close(): void;
}

function open<T>(make: () => T | Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: MANY }, make));
}

function close(sockets: Iterable<Socket>): void {
  for (const one of sockets) one.close();
}

async function pairs(m: Module): Promise<[Socket[], Socket[]]> {
  const opened = await open(() => m.socketpair());
  for (const [one] of opened) one.setblocking(false);
  return [opened.map(([one]) => one), opened.map(([, other]) => other)];
}

async function streams(m: Module): Promise<Ready> {
  const [sockets, others] = await pairs(m);
  for (const other of others) await other.sendall("data");
  return { sockets, take: (one) => one.recv(10), close: () => close([...sockets, ...others]) };
}

/** Each kind of socket that a select may be told about. */
const KINDS: Record<string, (m: Module) => Promise<Ready>> = {
  "connections with data": streams,
  "connections that the peer has ended": async (m) => {
    const [sockets, others] = await pairs(m);
    close(others);
    return {
      sockets,
      take: async (one) => assert.equal((await one.recv(10)).length, 0),
      close: () => close(sockets),
    };
  },
  "UDP sockets with a datagram": async (m) => {
    const sockets = await open(() => {
      const one = m.socket(AF_INET, SOCK_DGRAM);
      one.bind(["127.0.0.1", 0]);
      one.setblocking(false);
      return one;
    });
    using sender = m.socket(AF_INET, SOCK_DGRAM);
    for (const one of sockets) await sender.sendto("data", one.getsockname());
    return { sockets, take: (one) => one.recvfrom(10), close: () => close(sockets) };
  },
  "listeners with a connection": async (m) => {
    const sockets = await open(() => {
      const one = m.socket(AF_UNIX);
      one.bind(`\0${crypto.randomUUID()}`);
      one.listen();
      one.setblocking(false);
      return one;
    });
    const clients: Socket[] = [];
    for (const one of sockets) {
      const client = m.socket(AF_UNIX);
      await client.connect(one.getsockname());
      clients.push(client);
    }
    const take = async (one: Socket) => (await one.accept())[0].close();
    return { sockets, take, close: () => close([...sockets, ...clients]) };
  },
};

/** Each way to ask about sockets without waiting. It returns how many have an event. */
const ASK: Record<string, (m: Module, sockets: Socket[]) => Promise<number>> = {
  select: async (m, sockets) => (await m.select(sockets, [], [], 0))[0].length,
  poll: async (m, sockets) => {
    const poll = m.poll();
    for (const one of sockets) poll.register(one, POLLIN);
    return (await poll.poll(0)).length;
  },
  epoll: async (m, sockets) => {
    using epoll = m.epoll();
    for (const one of sockets) epoll.register(one, EPOLLIN);
    return (await epoll.poll(0, MANY)).length;
  },
};

for (const { name, module: m } of BACKENDS) {
  for (const [kind, make] of Object.entries(KINDS)) {
    for (const [way, ask] of Object.entries(ASK)) {
      Deno.test(`${name}: ${way} without a wait finds all of many ${kind}`, async () => {
        const ready = await make(m);
        const found = await ask(m, ready.sockets);
        ready.close();
        assert.equal(found, MANY);
      });
    }
    Deno.test(`${name}: non-blocking calls at once find what came to many ${kind}`, async () => {
      const ready = await make(m);
      const outcomes = await Promise.allSettled(ready.sockets.map(ready.take));
      ready.close();
      assert.deepEqual(outcomes.filter(({ status }) => status === "rejected"), []);
    });
  }

  Deno.test(`${name}: SHUT_RD on many connections at once keeps the data that came before`, async () => {
    const ready = await streams(m);
    await Promise.all(ready.sockets.map((one) => one.shutdown(SHUT_RD)));
    const received = await Promise.all(ready.sockets.map((one) => one.recv(10)));
    ready.close();
    assert.equal(received.filter(({ length }) => length === 4).length, MANY);
  });

  Deno.test(`${name}: non-blocking connects to a Unix listener succeed at once`, async () => {
    const listeners: Socket[] = [];
    // The queue of one listener may be too short for all.
    for (let n = 0; n < MANY / 100; n++) {
      const listener = m.socket(AF_UNIX);
      listener.bind(`\0${crypto.randomUUID()}`);
      listener.listen(100);
      listeners.push(listener);
    }
    const clients = await open(() => {
      const client = m.socket(AF_UNIX);
      client.setblocking(false);
      return client;
    });
    const outcomes = await Promise.all(
      clients.map((client, n) => client.connect_ex(listeners[n % listeners.length].getsockname())),
    );
    close([...clients, ...listeners]);
    assert.deepEqual([...new Set(outcomes)], [0]);
  });
}
