// Memory that is detached or resized while a call waits. A send sends everything that it was given, or rejects. A
// receive rejects with TypeError, and data that arrives is for the next call.

import assert from "node:assert/strict";
import { SUBJECTS } from "./_sim.ts";
import { TemporaryDirectory } from "./_helpers.ts";
import { Connected, receive, settled, staysPending, text } from "./conformance/fixtures.ts";
import type { Module } from "./conformance/fixtures.ts";
import type { MakefileOptions, Socket } from "../mod.ts";

const PAGE = 65536;
/** More than one write takes. It is sent while both ends' buffers are full. */
const MUCH = 2 ** 20;

/** Makes memory of some size, and a function that changes it. */
type Changeable = (size: number) => [view: Uint8Array<ArrayBuffer>, change: () => void];

const DETACHED: Record<string, Changeable> = {
  "transferred": (size) => {
    const view = new Uint8Array(size);
    return [view, () => void view.buffer.transfer()];
  },
  "WebAssembly memory that grows": (size) => {
    const pages = Math.ceil(size / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages + 1 });
    return [new Uint8Array(memory.buffer as ArrayBuffer, 0, size), () => void memory.grow(1)];
  },
  "shrunk": (size) => {
    const buffer = new ArrayBuffer(size, { maxByteLength: size });
    return [new Uint8Array(buffer), () => buffer.resize(4)];
  },
  "a part of a shrunk one": (size) => {
    const buffer = new ArrayBuffer(size + 8, { maxByteLength: size + 8 });
    return [new Uint8Array(buffer, 8, size), () => buffer.resize(12)];
  },
};

const CHANGED: Record<string, Changeable> = {
  ...DETACHED,
  "grown": (size) => {
    const buffer = new ArrayBuffer(size, { maxByteLength: 2 * size });
    return [new Uint8Array(buffer), () => buffer.resize(2 * size)];
  },
};

/** The files of the running test. They keep their sockets open. */
const files: { close(): Promise<void> }[] = [];

function file(socket: Socket, mode: string, options: MakefileOptions = {}): any {
  const opened = socket.makefile(mode, options);
  files.push(opened);
  return opened;
}

async function closeFiles(): Promise<void> {
  await Promise.all(files.splice(0).map((opened) => opened.close().catch(() => {})));
}

type Into = (socket: Socket, view: Uint8Array<ArrayBuffer>) => Promise<unknown>;

const RECEIVES: Record<string, Into> = {
  recv_into: (socket, view) => socket.recv_into(view),
  recvfrom_into: (socket, view) => socket.recvfrom_into(view),
  recvmsg_into: (socket, view) => socket.recvmsg_into([new Uint8Array(0), view]),
  "a file's readinto": (socket, view) => file(socket, "rb").readinto(view),
  "a file's readinto1": (socket, view) => file(socket, "rb").readinto1(view),
  "an unbuffered file's readinto": (socket, view) => file(socket, "rb", { buffering: 0 }).readinto(view),
};

/** Fills both ends' buffers, so that the next send waits. Returns the number of bytes under way. */
async function fill(socket: Socket): Promise<number> {
  socket.setblocking(false);
  const piece = new Uint8Array(262144);
  let total = 0;
  for (;;) {
    const sent = await socket.send(piece).catch((error) => {
      if (error.code === "EAGAIN") return 0;
      throw error;
    });
    if (sent === 0) break;
    total += sent;
  }
  socket.setblocking(true);
  return total;
}

/** Reads to the end of the stream. Counts the bytes after the first `skipped` by value. */
async function count(socket: Socket, skipped: number): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  let at = 0;
  for (let part; (part = await socket.recv(PAGE)).length > 0; at += part.length) {
    for (const byte of part.subarray(Math.max(skipped - at, 0))) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  }
  return counts;
}

type Send = (m: Module, socket: Socket, view: Uint8Array<ArrayBuffer>) => Promise<unknown>;

/** Sends that resolve when everything is sent. */
const WHOLE_SENDS: Record<string, Send> = {
  sendall: (_, socket, view) => socket.sendall(view),
  "sendall behind another one": async (_, socket, view) => {
    void socket.sendall(new Uint8Array([0]));
    return await socket.sendall(view);
  },
  "a write to the stream": async (_, socket, view) => await socket.writable.getWriter().write(view),
  "a write to the stream behind another one": async (_, socket, view) => {
    const writer = socket.writable.getWriter();
    void writer.write(new Uint8Array([0])).catch(() => {});
    return await writer.write(view);
  },
  "a file's write and flush": async (_, socket, view) => {
    const out = file(socket, "wb");
    void out.write(new Uint8Array(PAGE)).catch(() => {});
    await out.write(view);
    return await out.flush();
  },
};

/** Sends that return the number of bytes. */
const SENDS: Record<string, Send> = {
  "send behind a sendall": (_, socket, view) => {
    void socket.sendall(new Uint8Array([0])).catch(() => {});
    return socket.send(view);
  },
  "sendmsg behind a sendall": (_, socket, view) => {
    void socket.sendall(new Uint8Array([0])).catch(() => {});
    return socket.sendmsg([view]);
  },
  "sendto behind a sendall": (_, socket, view) => {
    void socket.sendall(new Uint8Array([0])).catch(() => {});
    return socket.sendto(view, socket.getpeername());
  },
  "an unbuffered file's write behind another one": (_, socket, view) => {
    const out = file(socket, "wb", { buffering: 0 });
    void out.write(new Uint8Array([0])).catch(() => {});
    return out.write(view);
  },
};

for (const { name, module: m } of SUBJECTS) {
  const test = (what: string, fn: () => Promise<void>) => {
    Deno.test(`${name}: ${what}`, async () => {
      try {
        await fn();
      } finally {
        await closeFiles();
      }
    });
  };

  for (const [kind, changeable] of Object.entries(CHANGED)) {
    for (const [method, call] of Object.entries(RECEIVES)) {
      for (const size of [1024, PAGE]) {
        test(`${method} of ${size} bytes into memory that is changed: ${kind}`, async () => {
          using all = await Connected.open(m);
          const [view, change] = changeable(size);
          const receiving = call(all.client, view);
          await staysPending(receiving);
          change();
          await all.peer.sendall("helloworld");
          await assert.rejects(settled(receiving), TypeError);
          all.client.setblocking(false);
          if (method.includes("file")) return;
          await m.select([all.client], [], []);
          assert.equal(text(await all.client.recv(100)), "helloworld");
        });
      }
    }

    for (const method of ["readinto", "readinto1"] as const) {
      for (const buffering of [0, -1]) {
        if (buffering === 0 && method === "readinto1") continue;
        test(`a file keeps the data that a ${method} with buffering ${buffering} could not store: ${kind}`, async () => {
          using all = await Connected.open(m);
          await using file = all.client.makefile("rb", { buffering }) as any;
          const [view, change] = changeable(1024);
          const reading = file[method](view);
          const next = file.read(10);
          await staysPending(reading);
          change();
          await all.peer.sendall("helloworld".repeat(200));
          await assert.rejects(settled(reading), TypeError);
          assert.equal(text(await settled(next) as Uint8Array), "helloworld");
        });
      }
    }

    for (const [method, send] of Object.entries(WHOLE_SENDS)) {
      test(`${method} of memory that is changed sends all or rejects: ${kind}`, async () => {
        using all = await Connected.open(m);
        const [view, change] = changeable(MUCH);
        view.fill(7);
        const filled = await fill(all.client);
        const sending = send(m, all.client, view).then(() => true, (error) => {
          assert(error instanceof TypeError, String(error));
          return false;
        });
        await staysPending(sending);
        change();
        const counting = count(all.peer, filled);
        const whole = await settled(sending);
        await all.client.shutdown(m.SHUT_WR);
        const counts = await counting;
        counts.delete(0);
        assert.deepEqual([...counts.keys()].filter((byte) => byte !== 7), []);
        const sent = counts.get(7) ?? 0;
        if (whole) assert.equal(sent, MUCH);
        else assert(sent <= MUCH, `${sent} bytes`);
      });
    }

    for (const [method, send] of Object.entries(SENDS)) {
      test(`${method} of memory that is changed sends as many bytes as it returns, or rejects: ${kind}`, async () => {
        using all = await Connected.open(m);
        const [view, change] = changeable(1024);
        view.fill(7);
        const filled = await fill(all.client);
        const sending = send(m, all.client, view).catch((error) => {
          assert(error instanceof TypeError, String(error));
          return 0;
        });
        await staysPending(sending);
        change();
        const counting = count(all.peer, filled);
        const said = await settled(sending);
        await all.client.shutdown(m.SHUT_WR);
        assert.equal((await counting).get(7) ?? 0, said);
        assert(said === 0 || said === 1024, String(said));
      });
    }
  }

  for (const [kind, changeable] of Object.entries(CHANGED)) {
    test(`data that is sent at once is not affected by later changes of its memory: ${kind}`, async () => {
      using all = await Connected.open(m);
      using one = m.socket(m.AF_INET, m.SOCK_DGRAM);
      using other = m.socket(m.AF_INET, m.SOCK_DGRAM);
      for (const socket of [one, other]) socket.bind(["127.0.0.1", 0]);
      await other.connect(one.getsockname());
      const sends: ((view: Uint8Array<ArrayBuffer>) => Promise<unknown>)[] = [
        (view) => all.client.send(view),
        (view) => all.client.sendall(view).then(() => 100),
        (view) => all.client.sendmsg([view.subarray(0, 30), view.subarray(30)]),
        (view) => other.send(view),
        (view) => other.sendto(view, one.getsockname()),
      ];
      for (const send of sends) {
        const [view, change] = changeable(100);
        view.fill(7);
        const sending = send(view);
        change();
        assert.equal(await settled(sending), 100);
      }
      const received = await receive(all.peer, 300);
      for (let n = 0; n < 2; n++) assert.deepEqual(await one.recv(1000), new Uint8Array(100).fill(7));
      assert.deepEqual(received, new Uint8Array(300).fill(7));
    });
  }

  test("sendmsg copies its control data at the call", async () => {
    if (name !== "native") return;
    using all = await Connected.open(m, "Unix");
    const rights = new Int32Array([0]);
    const filled = await fill(all.client);
    const sending = all.client.sendmsg(["x"], [[m.SOL_SOCKET, m.SCM_RIGHTS, rights]]);
    await staysPending(sending);
    rights[0] = -1;
    rights.buffer.transfer();
    await receive(all.peer, filled);
    await settled(sending);
    const [data, [[, , fd]]] = await all.peer.recvmsg(10, m.CMSG_LEN(4));
    assert.equal(text(data), "x");
    m.close(new Int32Array(fd.slice().buffer)[0]);
  });

  test("sendfile of a file whose reads change the block rejects", async () => {
    using all = await Connected.open(m);
    using directory = new TemporaryDirectory();
    const path = directory.fresh();
    await Deno.writeFile(path, new Uint8Array(1000).fill(7));
    using file = await Deno.open(path);
    const changing = {
      read: async (block: Uint8Array<ArrayBuffer>) => {
        const length = await file.read(block);
        block.buffer.transfer();
        return length;
      },
      seek: (offset: number, whence: 0 | 1) => file.seek(offset, whence as Deno.SeekMode),
    };
    await assert.rejects(settled(all.client.sendfile(changing)), TypeError);
  });
}
