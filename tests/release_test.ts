// A call that close ends settles only when the address can be bound again.

import assert from "node:assert/strict";
import { simulatedHost, SUBJECTS } from "./_sim.ts";
import { TemporaryDirectory } from "./_helpers.ts";

/** Waits until a call that was just made has started its operation. */
async function underWay(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
}

for (const { name, module: m } of SUBJECTS) {
  const test = (title: string, fn: () => Promise<void>) => Deno.test(`${name}: ${title}`, fn);

  test("after the end of an accept loop its port is free", async () => {
    const server = m.create_server(["127.0.0.1", 0]);
    const address = server.getsockname();
    const loop = (async () => {
      for await (const [conn] of server) conn.close();
    })();
    await underWay();
    server.close();
    await loop;
    m.create_server(address).close();
  });

  for (const [how, close] of [["close()", false], ["close(fd)", true]] as const) {
    test(`after an accept that ${how} ended the port is free`, async () => {
      const server = m.create_server(["127.0.0.1", 0]);
      const address = server.getsockname();
      const accepting = assert.rejects(server.accept(), { code: "EBADF" });
      await underWay();
      if (close) m.close(server.fileno());
      else server.close();
      await accepting;
      m.create_server(address).close();
    });
  }

  test("after `await using` the port is free, also if an accept was given up", async () => {
    let address: [string, number];
    {
      await using server = m.create_server(["127.0.0.1", 0]);
      address = server.getsockname();
      assert.deepEqual(await m.select([server], [], [], 0.01), [[], [], []]);
    }
    m.create_server(address).close();
  });

  test("after a receive that close ended the UDP port is free", async () => {
    for (const timeout of [null, 60]) {
      const one = m.socket(m.AF_INET, m.SOCK_DGRAM);
      one.bind(["127.0.0.1", 0]);
      one.settimeout(timeout);
      const address = one.getsockname();
      const receiving = assert.rejects(one.recv(1), { code: "EBADF" });
      await underWay();
      one.close();
      await receiving;
      using other = m.socket(m.AF_INET, m.SOCK_DGRAM);
      other.bind(address);
    }
  });

  for (const [how, close] of [["close()", false], ["close(fd)", true]] as const) {
    test(`after ${how} of a Unix datagram socket that sends during a receive its name is free`, async () => {
      const name = `\0${crypto.randomUUID()}`;
      const bound = (name: string) => {
        const one = m.socket(m.AF_UNIX, m.SOCK_DGRAM);
        one.bind(name);
        return one;
      };
      using peer = bound("");
      const one = bound(name);
      const receiving = one.recv(1);
      await underWay();
      const ended = Promise.allSettled([receiving, one.sendto("x", peer.getsockname())]);
      if (close) m.close(one.fileno());
      else one.close();
      await ended;
      bound(name).close();
    });
  }

  test("after the end of an accept loop its Unix path can be bound", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    const listen = () => {
      const server = m.socket(m.AF_UNIX);
      server.bind(path);
      server.listen();
      return server;
    };
    const server = listen();
    const loop = (async () => {
      for await (const [conn] of server) conn.close();
    })();
    await underWay();
    server.close();
    await loop;
    // The kernel keeps the file, and Deno removes it.
    if (name === "native") Deno.removeSync(path);
    if (name === "sim") simulatedHost.unlink(path);
    listen().close();
  });

  test("closing one of two duplicates ends its accept at once", async () => {
    const server = m.create_server(["127.0.0.1", 0]);
    using copy = server.dup();
    const accepting = assert.rejects(server.accept(), { code: "EBADF" });
    await underWay();
    server.close();
    await accepting;
    using client = await m.create_connection(copy.getsockname());
    const [conn, address] = await copy.accept();
    assert.deepEqual(address, client.getsockname());
    conn.close();
  });
}
