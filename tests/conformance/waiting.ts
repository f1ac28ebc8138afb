// The three modes, timeouts and aborts. Giving up a call loses nothing.

import assert from "node:assert/strict";
import type { Socket } from "../../mod.ts";
import { Connected, declare, FAMILIES, Listening, receive, staysPending, text } from "./fixtures.ts";
import type { Subject } from "./fixtures.ts";

/** A short timeout in seconds. No test depends on its length. */
const SHORT = 0.01;

export function waitingSuite(subject: Subject): void {
  const { module: m } = subject;
  const test = declare(subject);

  test("settimeout and setblocking change the same setting", () => {
    using socket = m.socket();
    for (
      const [set, timeout, blocking] of [
        [() => {}, null, true],
        [() => socket.settimeout(5), 5, true],
        [() => socket.settimeout(0), 0, false],
        [() => socket.setblocking(true), null, true],
        [() => socket.setblocking(false), 0, false],
        [() => socket.settimeout(0.25), 0.25, true],
        [() => socket.settimeout(null), null, true],
      ] as const
    ) {
      set();
      assert.equal(socket.gettimeout(), timeout);
      assert.equal(socket.timeout, timeout);
      assert.equal(socket.getblocking(), blocking);
    }
  });

  test("the default timeout is for new sockets, accepted ones among them", async () => {
    using early = m.socket();
    using listening = new Listening(m, "IPv4");
    assert.equal(m.getdefaulttimeout(), null);
    m.setdefaulttimeout(7);
    try {
      assert.equal(m.getdefaulttimeout(), 7);
      using late = m.socket();
      assert.equal(late.gettimeout(), 7);
      assert.equal(early.gettimeout(), null);
      listening.server.settimeout(3);
      await late.connect(listening.address);
      const [peer] = await listening.server.accept();
      assert.equal(peer.gettimeout(), 7, "not the listener's");
      peer.close();
      m.setdefaulttimeout(0);
      using quick = m.socket();
      assert.equal(quick.getblocking(), false);
    } finally {
      m.setdefaulttimeout(null);
    }
  });

  test("accept in the default mode of a non-blocking listener", async () => {
    using listening = new Listening(m, "IPv4");
    listening.server.setblocking(false);
    await assert.rejects(listening.server.accept(), { name: "BlockingIOError", code: "EAGAIN" });
    using client = listening.socket();
    await client.connect(listening.address);
    const [peer] = await listening.server.accept();
    assert.equal(peer.getblocking(), true);
    peer.close();
  });

  for (const family of FAMILIES) {
    test(`${family}: a recv that timed out loses nothing`, async () => {
      using all = await Connected.open(m, family);
      all.peer.settimeout(SHORT);
      await assert.rejects(all.peer.recv(10), (error: any) => {
        assert.equal(error.name, "TimeoutError");
        assert.equal(error.message, "timed out");
        assert.equal(error.errno, undefined);
        assert(error instanceof m.TimeoutError && error instanceof m.OSError);
        return true;
      });
      await assert.rejects(all.peer.recv(10), { name: "TimeoutError" });
      await all.client.sendall("late");
      all.peer.settimeout(null);
      assert.equal(text(await all.peer.recv(10)), "late");
    });

    test(`${family}: an accept that timed out loses nothing`, async () => {
      using listening = new Listening(m, family);
      listening.server.settimeout(SHORT);
      await assert.rejects(listening.server.accept(), { name: "TimeoutError", message: "timed out" });
      using client = listening.socket();
      await client.connect(listening.address);
      listening.server.settimeout(null);
      const [peer] = await listening.server.accept();
      await client.sendall("late");
      assert.equal(text(await peer.recv(10)), "late");
      peer.close();
    });

    test(`${family}: every call that receives times out, and the data goes to the next call`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      const buffer = new Uint8Array(10);
      const calls: [() => Promise<unknown>, (answer: any) => Uint8Array][] = [
        [() => peer.recv(10), (data) => data],
        [() => peer.recv_into(buffer), (count) => buffer.subarray(0, count)],
        [() => peer.recvfrom(10), ([data]) => data],
        [() => peer.recvfrom_into(buffer), ([count]) => buffer.subarray(0, count)],
        [() => peer.recvmsg(10), ([data]) => data],
        [() => peer.recvmsg_into([buffer]), ([count]) => buffer.subarray(0, count)],
        [() => peer.recv(10, m.MSG_PEEK), (data) => data],
      ];
      for (const [call, dataOf] of calls) {
        peer.settimeout(SHORT);
        await assert.rejects(call(), { name: "TimeoutError" });
        peer.setblocking(false);
        await assert.rejects(call(), { name: "BlockingIOError", code: "EAGAIN" });
        peer.setblocking(true);
        await client.sendall("late");
        assert.equal(text(dataOf(await call())), "late");
        if (call === calls.at(-1)![0]) await receive(peer, 4);
      }
    });

    test(`${family}: non-blocking calls succeed if they need not wait`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      client.setblocking(false);
      peer.setblocking(false);
      assert.equal(await client.send("abc"), 3);
      peer.settimeout(5);
      assert.equal(text(await receive(peer, 3)), "abc");
      await client.shutdown(m.SHUT_WR);
      assert.equal((await peer.recv(1)).length, 0);
      peer.setblocking(false);
      assert.equal((await peer.recv(1)).length, 0);
    });

    test(`${family}: a non-blocking connect`, async () => {
      using listening = new Listening(m, family);
      using client = listening.socket();
      client.setblocking(false);
      const answer = await client.connect_ex(listening.address);
      // A Unix connect ends at once in the kernel.
      if (family === "Unix") assert.equal(answer, 0);
      else assert.equal(new m.OSError(answer).code, "EINPROGRESS");
      const [peer] = await listening.server.accept();
      client.setblocking(true);
      assert.equal(text(await Promise.all([receive(client, 2), peer.sendall("ok")]).then(([data]) => data)), "ok");
      assert.equal(client.getsockopt(m.SOL_SOCKET, m.SO_ERROR), 0);
      assert.deepEqual(client.getpeername(), listening.address);
      peer.close();
    });

    test(`${family}: a sendall to a peer that does not read times out; the data before it is complete`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      client.settimeout(SHORT);
      const size = 16 * 2 ** 20;
      await assert.rejects(client.sendall(new Uint8Array(size).fill(1)), { name: "TimeoutError" });
      client.settimeout(null);
      const reading = (async () => {
        let ones = 0;
        for await (const chunk of peer) {
          for (const byte of chunk) {
            if (byte === 1) ones++;
            else return ones;
          }
        }
      })();
      await client.sendall(new Uint8Array([2]));
      const ones = await reading;
      assert(ones !== undefined && ones > 0 && ones < size);
    });

    test(`${family}: a non-blocking send throws EAGAIN at a full buffer, and succeeds when there is room`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      client.setblocking(false);
      const chunk = new Uint8Array(2 ** 18);
      let sent = 0;
      const fill = async () => {
        for (;;) sent += await client.send(chunk);
      };
      await assert.rejects(fill(), { name: "BlockingIOError", code: "EAGAIN" });
      await assert.rejects(client.sendall(chunk), { name: "BlockingIOError", code: "EAGAIN" });
      client.setblocking(true);
      await receive(peer, sent);
      await client.sendall("more");
      await client.shutdown(m.SHUT_WR);
      while ((await peer.recv(65536)).length > 0);
    });

    test(`${family}: a full connection that is shut down for sending is writable on TCP, as CPython sees it`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      client.setblocking(false);
      const fill = async () => {
        for (;;) await client.send(new Uint8Array(2 ** 18));
      };
      await assert.rejects(fill(), { code: "EAGAIN" });
      const writable = async () => (await m.select([], [client], [], 0))[1].length > 0;
      assert.equal(await writable(), false);
      await client.shutdown(m.SHUT_WR);
      assert.equal(await writable(), family !== "Unix");
      while ((await peer.recv(65536)).length > 0);
    });
  }

  // Aborts of each kind of call that waits. Nothing must be lost.

  const connected: [what: string, call: (socket: Socket, signal: AbortSignal) => Promise<unknown>][] = [
    ["recv", (socket, signal) => socket.recv(10, 0, { signal })],
    ["recv with MSG_PEEK", (socket, signal) => socket.recv(10, m.MSG_PEEK, { signal })],
    ["recv with MSG_WAITALL", (socket, signal) => socket.recv(10, m.MSG_WAITALL, { signal })],
    ["recv_into", (socket, signal) => socket.recv_into(new Uint8Array(10), 0, 0, { signal })],
    ["recvfrom", (socket, signal) => socket.recvfrom(10, 0, { signal })],
    ["recvfrom_into", (socket, signal) => socket.recvfrom_into(new Uint8Array(10), 0, 0, { signal })],
    ["recvmsg", (socket, signal) => socket.recvmsg(10, 0, 0, { signal })],
    ["recvmsg_into", (socket, signal) => socket.recvmsg_into([new Uint8Array(10)], 0, 0, { signal })],
  ];
  test("a receive of zero bytes checks its options too", async () => {
    using all = await Connected.open(m);
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(all.peer.recv(0, 0, { signal }), reason);
    await assert.rejects(all.peer.recv_into(new Uint8Array(0), 0, 0, { signal }), reason);
    await assert.rejects(all.peer.recv(0, 0, { signal: {} as AbortSignal }), TypeError);
    assert.equal((await all.peer.recv(0)).length, 0);
  });

  for (const [what, call] of connected) {
    test(`${what} ends with the signal's reason, and the data goes to the next call`, async () => {
      using all = await Connected.open(m);
      const reason = new Error("enough");
      await assert.rejects(call(all.peer, AbortSignal.abort(reason)), reason);
      const abort = new AbortController();
      const waiting = call(all.peer, abort.signal);
      await staysPending(waiting);
      abort.abort(reason);
      await assert.rejects(waiting, reason);
      await all.client.sendall("0123456789");
      assert.equal(text(await receive(all.peer, 10)), "0123456789");
    });

    test(`${what} with data present succeeds, unless it was aborted before`, async () => {
      using all = await Connected.open(m);
      await all.client.sendall("0123456789");
      await all.peer.recv(10, m.MSG_PEEK);
      const reason = new Error("enough");
      await assert.rejects(call(all.peer, AbortSignal.abort(reason)), reason);
      await call(all.peer, new AbortController().signal);
    });
  }

  test("accept ends with the signal's reason, and the connection goes to the next one", async () => {
    using listening = new Listening(m, "IPv4");
    const reason = new Error("enough");
    await assert.rejects(listening.server.accept({ signal: AbortSignal.abort(reason) }), reason);
    const abort = new AbortController();
    const waiting = listening.server.accept({ signal: abort.signal });
    await staysPending(waiting);
    abort.abort(reason);
    await assert.rejects(waiting, reason);
    using client = listening.socket();
    await client.connect(listening.address);
    (await listening.server.accept())[0].close();
  });

  test("a connect with an aborted signal does not begin", async () => {
    using listening = new Listening(m, "IPv4");
    using client = listening.socket();
    const reason = new Error("enough");
    await assert.rejects(client.connect(listening.address, { signal: AbortSignal.abort(reason) }), reason);
    await assert.rejects(client.connect_ex(listening.address, { signal: AbortSignal.abort(reason) }), reason);
    assert.throws(() => client.getpeername(), { code: "ENOTCONN" });
    await client.connect(listening.address);
    (await listening.server.accept())[0].close();
  });

  test("a connect that was given up at a full queue connects when there is room", async () => {
    const reason = new Error("enough");
    const ways: ((client: Socket, address: any) => Promise<unknown>)[] = [
      async (client, address) => {
        const abort = new AbortController();
        const waiting = client.connect(address, { signal: abort.signal });
        await staysPending(waiting);
        abort.abort(reason);
        await assert.rejects(waiting, reason);
      },
      async (client, address) => {
        client.settimeout(SHORT);
        await assert.rejects(client.connect(address), { name: "TimeoutError", message: "timed out" });
      },
      async (client, address) => {
        client.settimeout(SHORT);
        assert.equal(new m.OSError(await client.connect_ex(address)).code, "EAGAIN");
        // A connect is under way, and no call waits for its end.
        assert.equal(new m.OSError(await client.connect_ex(address)).code, "EALREADY");
      },
      async (client, address) => {
        client.setblocking(false);
        await assert.rejects(client.connect(address), { name: "BlockingIOError", code: "EINPROGRESS" });
        await assert.rejects(client.connect(address), { name: "BlockingIOError", code: "EALREADY" });
      },
    ];
    // All ways run concurrently, because Linux repeats a dropped SYN only after a second.
    await Promise.all(ways.map(async (giveUp) => {
      using listening = new Listening(m, "IPv4", 0);
      using first = listening.socket();
      await first.connect(listening.address);
      // A backlog of 0 has room for one connection. Linux drops the second SYN, and its client waits.
      using second = listening.socket();
      await giveUp(second, listening.address);
      (await listening.server.accept())[0].close();
      const [peer, address] = await listening.server.accept();
      second.settimeout(null);
      await second.sendall("through");
      assert.equal(text(await receive(peer, 7)), "through");
      assert.deepEqual(second.getsockname(), address);
      peer.close();
    }));
  });

  for (const what of ["send", "sendall", "sendmsg", "sendto"] as const) {
    test(`${what} ends with the signal's reason`, async () => {
      using all = await Connected.open(m);
      const { client, peer } = all;
      const data = new Uint8Array(2 ** 18);
      const call = (signal: AbortSignal): Promise<unknown> => {
        if (what === "sendmsg") return client.sendmsg([data], [], 0, null, { signal });
        if (what === "sendto") return client.sendto(data, 0, ["127.0.0.1", 9], { signal });
        return client[what](data, 0, { signal });
      };
      const reason = new Error("enough");
      await assert.rejects(call(AbortSignal.abort(reason)), reason);
      client.setblocking(false);
      await assert.rejects(async () => {
        for (;;) await client.send(data);
      }, { code: "EAGAIN" });
      client.setblocking(true);
      const abort = new AbortController();
      const waiting = call(abort.signal);
      await staysPending(waiting);
      abort.abort(reason);
      await assert.rejects(waiting, reason);
      // The stream goes on after the call that was given up.
      const ending = client.sendall("end").then(() => client.shutdown(m.SHUT_WR));
      let last = new Uint8Array(0);
      for await (const chunk of peer) last = chunk.length >= 3 ? chunk : new Uint8Array([...last, ...chunk]);
      assert.equal(text(last.subarray(-3)), "end");
      await ending;
    });
  }

  test("a call behind an aborted call is served next", async () => {
    using all = await Connected.open(m);
    const abort = new AbortController();
    const first = all.peer.recv(10, 0, { signal: abort.signal });
    const second = all.peer.recv(10);
    const third = all.peer.recv(10, 0, { signal: abort.signal });
    abort.abort();
    await assert.rejects(first, { name: "AbortError" });
    await assert.rejects(third, { name: "AbortError" });
    await all.client.sendall("x");
    assert.equal(text(await second), "x");
  });

  test("after a call its signal has no listener", async () => {
    using all = await Connected.open(m);
    let listeners = 0;
    const signal = new AbortController().signal;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: any) => (listeners++, addEventListener.apply(signal, args));
    signal.removeEventListener = (...args: any) => (listeners--, removeEventListener.apply(signal, args));
    const waiting = all.peer.recv(10, 0, { signal });
    await all.client.sendall("x", 0, { signal });
    await waiting;
    all.peer.settimeout(SHORT);
    await assert.rejects(all.peer.recv(10, 0, { signal }), { name: "TimeoutError" });
    all.peer.settimeout(null);
    const closed = all.peer.recv(10, 0, { signal });
    all.peer.close();
    await assert.rejects(closed, { code: "EBADF" });
    using client = all.socket();
    await client.connect(all.address, { signal });
    (await all.server.accept({ signal }))[0].close();
    assert.equal(listeners, 0);
  });

  test("a change of the timeout applies to later calls", async () => {
    using all = await Connected.open(m);
    const waiting = all.peer.recv(10);
    all.peer.settimeout(SHORT);
    await assert.rejects(all.peer.recv(10), { name: "TimeoutError" });
    await all.client.sendall("x");
    assert.equal(text(await waiting), "x");
  });

  test("an ended sendall with a timeout does not read its memory, whichever timeout is set meanwhile", async () => {
    using all = await Connected.open(m);
    const { client, peer } = all;
    const data = new Uint8Array(16 * 2 ** 20).fill(1);
    client.settimeout(SHORT);
    const sending = client.sendall(data);
    client.settimeout(null);
    await assert.rejects(sending, { name: "TimeoutError" });
    data.fill(2);
    const reading = (async () => {
      for await (const chunk of peer) assert(chunk.every((byte: number) => byte === 1));
    })();
    await client.shutdown(m.SHUT_WR);
    await reading;
  });
}
