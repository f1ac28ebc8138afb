// Receives in the simulation that wait for several bytes at once (MSG_WAITALL, SO_RCVLOWAT), compared with CPython.

import assert from "node:assert/strict";
import { simulate } from "../sim.ts";
import type { ProgramContext, SocketModule } from "../sim.ts";
import type { Socket } from "../mod.ts";

/** Runs a program on a host of its own. */
async function onHost(program: (context: ProgramContext) => Promise<void>, seed = 1): Promise<void> {
  await simulate({ seed, limit: 10_000 }, (net) => net.host("here").run(program));
}

/** Makes two connected sockets over loopback. */
async function connected(socket: SocketModule, host: string, receiveBuffer = 0): Promise<[Socket, Socket]> {
  using listener = socket.socket(host === "::1" ? socket.AF_INET6 : socket.AF_INET);
  if (receiveBuffer > 0) listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receiveBuffer);
  listener.bind([host, 0]);
  listener.listen();
  const [, port] = listener.getsockname() as [string, number];
  const client = await socket.create_connection([host, port]);
  const [server] = await listener.accept();
  return [client, server];
}

/** Receives until the end of the stream and returns how many bytes came. */
async function receiveAll(receive: () => Promise<Uint8Array>): Promise<number> {
  let count = 0;
  for (;;) {
    const { length } = await receive();
    if (length === 0) return count;
    count += length;
  }
}

Deno.test("sim: a TCP receive of more bytes than arrive before the end returns them", async () => {
  for (const flag of ["MSG_WAITALL", "SO_RCVLOWAT"]) {
    await onHost(async ({ socket }) => {
      const [client, server] = await connected(socket, "127.0.0.1");
      if (flag === "SO_RCVLOWAT") server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 100_000);
      await client.sendall(new Uint8Array(80_000));
      client.close();
      const data = await server.recv(100_000, flag === "MSG_WAITALL" ? socket.MSG_WAITALL : 0);
      assert.equal(data.length, 80_000);
      server.close();
    });
  }
});

Deno.test("sim: SO_RCVLOWAT over loopback never makes a receive in mid-stream empty", async () => {
  const size = 300_000;
  for (const host of ["127.0.0.1", "::1"]) {
    for (const lowWater of [2, 5000, 20_000]) {
      for (const receiveBuffer of [0, 2304, 8000]) {
        await onHost(async ({ socket }) => {
          const [client, server] = await connected(socket, host, receiveBuffer);
          server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, lowWater);
          const sending = client.sendall(new Uint8Array(size)).then(() => client.close());
          const what = `${host}, SO_RCVLOWAT ${lowWater}, SO_RCVBUF ${receiveBuffer}`;
          assert.equal(await receiveAll(async () => (await server.recvfrom(30_000))[0]), size, what);
          await sending;
          server.close();
        });
      }
    }
  }
});

Deno.test("sim: a Unix receive of more bytes than the send buffer holds gets them while the sender waits", async () => {
  for (const [size, lowWater] of [[400_000, 1], [1_000_000, 1], [400_000, 300_000]]) {
    await onHost(async ({ socket }) => {
      const [near, far] = await socket.socketpair();
      far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, lowWater);
      const sending = near.sendall(new Uint8Array(1_200_000)).then(() => near.close());
      const { length } = await far.recv(size, lowWater === 1 ? socket.MSG_WAITALL : 0);
      assert.ok(length >= (lowWater === 1 ? size : lowWater), `${length} bytes`);
      await receiveAll(() => far.recv(100_000));
      await sending;
      far.close();
    });
  }
});

Deno.test("sim: select reports a Unix socket as writable while its peer waits for more bytes", async () => {
  await onHost(async ({ socket }) => {
    const [near, far] = await socket.socketpair();
    near.setblocking(false);
    let sent = 0;
    // Less than the receive waits for, and more than the quarter of the send buffer that select allows.
    sent += await near.send(new Uint8Array(100_000));
    const receiving = far.recv(300_000, socket.MSG_WAITALL);
    while (sent < 300_000) {
      assert.deepEqual(await socket.select([], [near], []), [[], [near], []]);
      sent += await near.send(new Uint8Array(300_000 - sent));
    }
    assert.equal((await receiving).length, 300_000);
    near.close();
    far.close();
  });
});

Deno.test("sim: Unix transfers of random sizes with MSG_WAITALL end", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    await onHost(async ({ socket, random }) => {
      const [near, far] = await socket.socketpair();
      const size = Math.floor(random() * 1_500_000);
      const sending = near.sendall(new Uint8Array(size)).then(() => near.shutdown(socket.SHUT_WR));
      const receive = () => far.recv(1 + Math.floor(random() * 400_000), random() < 0.5 ? socket.MSG_WAITALL : 0);
      assert.equal(await receiveAll(receive), size, `seed ${seed}`);
      await sending;
      near.close();
      far.close();
    }, seed);
  }
});

Deno.test("sim: below the low-water mark, a receive that does not wait takes what is there, as in CPython", async () => {
  const outcomes: Record<string, unknown> = {};
  await onHost(async ({ socket }) => {
    const modes: Record<string, (sock: Socket) => Promise<Uint8Array>> = {
      nonblocking: (sock) => (sock.setblocking(false), sock.recv(200)),
      MSG_DONTWAIT: (sock) => sock.recv(200, socket.MSG_DONTWAIT),
      timeout: (sock) => (sock.settimeout(0.25), sock.recv(200)),
      SO_RCVTIMEO: (sock) => {
        const quarter = new BigInt64Array([0n, 250_000n]);
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, new Uint8Array(quarter.buffer));
        return sock.recv(200);
      },
    };
    for (const kind of ["unix", "tcp"]) {
      for (const [mode, receive] of Object.entries(modes)) {
        const [near, far] = kind === "unix" ? await socket.socketpair() : await connected(socket, "127.0.0.1");
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 100);
        await near.sendall(new Uint8Array(50));
        outcomes[`${kind} ${mode}`] = await receive(far).then(({ length }) => length, (error) => error.name);
        near.close();
        far.close();
      }
    }
  });
  assert.deepEqual(outcomes, {
    "unix nonblocking": 50,
    "unix MSG_DONTWAIT": 50,
    "unix timeout": 50,
    "unix SO_RCVTIMEO": 50,
    "tcp nonblocking": 50,
    "tcp MSG_DONTWAIT": 50,
    // poll reports a TCP socket below the mark as not readable.
    "tcp timeout": "TimeoutError",
    "tcp SO_RCVTIMEO": 50,
  });
});
