// send and recv in all forms: bytes, flags, half-close, order.

import assert from "node:assert/strict";
import { Connected, declare, FAMILIES, receive, staysPending, text } from "./fixtures.ts";
import type { Subject } from "./fixtures.ts";

const MEBIBYTE = 2 ** 20;

export function dataSuite(subject: Subject): void {
  const { module: m } = subject;
  const test = declare(subject);

  for (const family of FAMILIES) {
    test(`${family}: text and every kind of buffer are sent, and bytes are received`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      const bytes = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]);
      assert.equal(await client.send("世界,你好"), 13);
      assert.equal(text(await receive(peer, 13)), "世界,你好");
      for (const data of [bytes, bytes.buffer, new DataView(bytes.buffer), new Uint16Array(bytes.buffer)]) {
        assert.equal(await client.send(data), 8);
        assert.deepEqual(await receive(peer, 8), bytes);
      }
      assert.equal(await client.send(bytes.subarray(2, 5)), 3);
      assert.deepEqual(await receive(peer, 3), bytes.slice(2, 5));
    });

    test(`${family}: recv returns the present data, up to bufsize`, async () => {
      using all = await Connected.open(m, family);
      await all.client.sendall("0123456789");
      const first = await all.peer.recv(4);
      assert.equal(text(first), "0123");
      assert.equal(text(await all.peer.recv(100)), "456789");
    });

    test(`${family}: the caller may keep and change the result of recv`, async () => {
      using all = await Connected.open(m, family);
      await all.client.sendall("aabb");
      const first = await all.peer.recv(2);
      first.fill(0x7a);
      structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
      assert.equal(text(await all.peer.recv(2)), "bb");
    });

    test(`${family}: any typed array can view the result of recv`, async () => {
      using all = await Connected.open(m, family);
      for (const size of [3, 4, 1, 8]) {
        await all.client.sendall(new Uint8Array(size));
        const data = await all.peer.recv(size, m.MSG_WAITALL);
        assert.equal(new Float64Array(data.buffer, data.byteOffset, size >> 3).length, size >> 3);
      }
    });

    test(`${family}: data may be reused as soon as send has returned`, async () => {
      using all = await Connected.open(m, family);
      const data = new TextEncoder().encode("first");
      await all.client.send(data);
      data.set(new TextEncoder().encode("later"));
      await all.client.send(data);
      assert.equal(text(await receive(all.peer, 10)), "firstlater");
    });

    test(`${family}: recv_into fills as many bytes as it is given`, async () => {
      using all = await Connected.open(m, family);
      await all.client.sendall("0123456789");
      const buffer = new Uint8Array(8);
      assert.equal(await all.peer.recv_into(buffer, 3), 3);
      assert.equal(text(buffer), "012\0\0\0\0\0");
      assert.equal(await all.peer.recv_into(buffer.subarray(5)), 3);
      assert.equal(text(buffer), "012\0\0" + "345");
      assert.equal(await all.peer.recv_into(new DataView(buffer.buffer, 0, 2)), 2);
      assert.equal(text(buffer), "672\0\0" + "345");
    });

    test(`${family}: recvfrom, recvfrom_into, recvmsg and recvmsg_into`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      // The sender's address on a connected stream. Python returns None for TCP.
      await client.sendall("ab");
      const [data] = await peer.recvfrom(10);
      assert.equal(text(data), "ab");
      await client.sendall("cd");
      const buffer = new Uint8Array(4);
      assert.equal((await peer.recvfrom_into(buffer, 3))[0], 2);
      assert.equal(text(buffer), "cd\0\0");
      await client.sendall("efgh");
      const [message, ancillary, flags] = await peer.recvmsg(3);
      assert.equal(text(message), "efg");
      assert.deepEqual(ancillary, []);
      assert.equal(flags, 0);
      await client.sendall("ijk");
      const [one, two] = [new Uint8Array(2), new Uint8Array(4)];
      assert.equal((await peer.recvmsg_into([one, two]))[0], 4);
      assert.equal(text(one) + text(two), "hijk\0\0");
    });

    test(`${family}: sendmsg gathers`, async () => {
      using all = await Connected.open(m, family);
      assert.equal(await all.client.sendmsg(["ab", new Uint8Array([0x63]), "", "de"]), 5);
      assert.equal(text(await receive(all.peer, 5)), "abcde");
      assert.equal(await all.client.sendmsg([]), 0);
    });

    test(`${family}: a send and a receive of zero bytes`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      assert.equal(await client.send(""), 0);
      await client.sendall(new Uint8Array(0));
      await client.sendall("x");
      assert.equal((await peer.recv(0)).length, 0);
      assert.equal(text(await peer.recv(1)), "x");
    });

    test(`${family}: MSG_PEEK leaves the data`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      await client.sendall("abc");
      assert.equal(text(await peer.recv(2, m.MSG_PEEK)), "ab");
      assert.equal(text(await peer.recv(10, m.MSG_PEEK)), "abc");
      const buffer = new Uint8Array(3);
      assert.equal(await peer.recv_into(buffer, 0, m.MSG_PEEK), 3);
      assert.equal(text(await peer.recv(10)), "abc");
      const peeked = peer.recv(10, m.MSG_PEEK);
      await staysPending(peeked);
      await client.sendall("later");
      assert.equal(text(await peeked), "later");
      assert.equal(text(await receive(peer, 5)), "later");
    });

    test(`${family}: MSG_DONTWAIT does not wait in any mode`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      await assert.rejects(peer.recv(10, m.MSG_DONTWAIT), { name: "BlockingIOError", code: "EAGAIN" });
      peer.settimeout(100);
      await assert.rejects(peer.recv(10, m.MSG_DONTWAIT), { name: "BlockingIOError", code: "EAGAIN" });
      await client.sendall("abc");
      assert.equal(text(await peer.recv(10, m.MSG_DONTWAIT)), "abc");
      assert.equal(await client.send("x", m.MSG_DONTWAIT), 1);
    });

    test(`${family}: MSG_WAITALL waits for all bytes or the end`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      await client.sendall("abc");
      const whole = peer.recv(6, m.MSG_WAITALL);
      await staysPending(whole);
      await client.sendall("defg");
      assert.equal(text(await whole), "abcdef");
      const rest = peer.recv(6, m.MSG_WAITALL);
      await client.shutdown(m.SHUT_WR);
      assert.equal(text(await rest), "g");
    });

    test(`${family}: a peek returns the data of a MSG_WAITALL that was given up, and the later data`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      const given = new AbortController();
      const whole = peer.recv(100, m.MSG_WAITALL, { signal: given.signal });
      await client.sendall("abc");
      await staysPending(whole);
      given.abort();
      await assert.rejects(whole, { name: "AbortError" });
      await client.sendall("def");
      assert.equal(text(await peer.recv(100, m.MSG_PEEK)), "abcdef");
      assert.equal(text(await peer.recv(4, m.MSG_PEEK)), "abcd");
      const buffer = new Uint8Array(5);
      assert.equal(await peer.recv_into(buffer, 0, m.MSG_PEEK), 5);
      assert.equal(text(buffer), "abcde");
      assert.equal(text((await peer.recvmsg(100, 0, m.MSG_PEEK))[0]), "abcdef");
      assert.equal(text(await receive(peer, 6)), "abcdef");
    });

    test(`${family}: MSG_WAITALL over more than any buffer`, async () => {
      using all = await Connected.open(m, family);
      const data = pattern(3 * MEBIBYTE);
      const [received] = await Promise.all([all.peer.recv(data.length, m.MSG_WAITALL), all.client.sendall(data)]);
      assert.equal(received.length, data.length);
      assert(equal(received, data));
    });

    test(`${family}: data that a select has reported can be received, and so can later data`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      for (const size of [1, 2048, 20_000, 65_536, 100_000]) {
        await client.sendall(pattern(size));
        assert.deepEqual(await m.select([peer], [], []), [[peer], [], []]);
        assert.equal((await peer.recv(1, m.MSG_PEEK)).length, 1);
        assert(equal(await receive(peer, size), pattern(size)));
        assert.deepEqual(await m.select([peer], [], [], 0), [[], [], []]);
        await client.sendall("after");
        assert.deepEqual(await m.select([peer], [peer], [], 5), [[peer], [peer], []]);
        assert.equal(text(await peer.recv(100)), "after");
      }
    });

    test(`${family}: half-close in one direction and then in the other`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      await client.sendall("question");
      await client.shutdown(m.SHUT_WR);
      assert.equal(text(await receive(peer, 100)), "question");
      assert.equal((await peer.recv(10)).length, 0);
      assert.equal((await peer.recv(10)).length, 0, "and again");
      await assert.rejects(client.send("x"), { name: "BrokenPipeError", code: "EPIPE" });
      await peer.sendall("answer");
      assert.equal(text(await receive(client, 6)), "answer");
      await peer.shutdown(m.SHUT_WR);
      assert.equal((await client.recv(10)).length, 0);
    });

    test(`${family}: half-close follows the sent data`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      const data = pattern(MEBIBYTE);
      const sending = client.sendall(data).then(() => client.shutdown(m.SHUT_WR));
      assert(equal(await receive(peer, data.length + 1), data));
      await sending;
    });

    test(`${family}: after shutdown(SHUT_RD) the stream is at its end`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      const waiting = peer.recv(10);
      await staysPending(waiting);
      await peer.shutdown(m.SHUT_RD);
      assert.equal((await waiting).length, 0);
      assert.equal((await peer.recv(10)).length, 0);
      await peer.sendall("still sends");
      assert.equal(text(await receive(client, 11)), "still sends");
    });

    test(`${family}: end of stream after close, with nothing unread`, async () => {
      using all = await Connected.open(m, family);
      await all.client.sendall("last");
      all.client.close();
      assert.equal(text(await receive(all.peer, 10)), "last");
      assert.equal((await all.peer.recv(1)).length, 0);
    });

    test(`${family}: a large sendall arrives complete`, async () => {
      using all = await Connected.open(m, family);
      const data = pattern(5 * MEBIBYTE + 3);
      const [received] = await Promise.all([receive(all.peer, data.length), all.client.sendall(data)]);
      assert(equal(received, data));
    });

    test(`${family}: two concurrent sendalls of 4 MiB do not interleave`, async () => {
      using all = await Connected.open(m, family);
      const size = 4 * MEBIBYTE;
      const sends = ["a", "b"].map((letter) => all.client.sendall(letter.repeat(size)));
      const received = await receive(all.peer, 2 * size);
      await Promise.all(sends);
      assert(received.subarray(0, size).every((byte) => byte === 0x61), "all of the first");
      assert(received.subarray(size).every((byte) => byte === 0x62), "then all of the second");
    });

    test(`${family}: concurrent receives are served first come, first served`, async () => {
      using all = await Connected.open(m, family);
      const receives = [1, 2, 3, 4].map(() => all.peer.recv(2));
      await staysPending(receives[0]);
      await all.client.sendall("aabbccd");
      assert.deepEqual((await Promise.all(receives)).map(text), ["aa", "bb", "cc", "d"]);
    });

    test(`${family}: both directions at once`, async () => {
      using all = await Connected.open(m, family);
      const data = pattern(2 * MEBIBYTE);
      const [there, back] = await Promise.all([
        receive(all.peer, data.length),
        receive(all.client, data.length),
        all.client.sendall(data),
        all.peer.sendall(data),
      ]);
      assert(equal(there, data));
      assert(equal(back, data));
    });

    test(`${family}: data that a non-blocking send has accepted is delivered after close`, async () => {
      using all = await Connected.open(m, family);
      const { client, peer } = all;
      client.setblocking(false);
      let sent = 0;
      for (;;) {
        try {
          sent += await client.send(pattern(100_000, sent));
        } catch (error) {
          assert.equal((error as { code: string }).code, "EAGAIN");
          break;
        }
      }
      assert(sent > 0);
      client.close();
      const received = await receive(peer, sent + 1);
      assert.equal(received.length, sent);
      assert(equal(received, pattern(sent)));
    });
  }

  test("TCP: sendto on a connected stream ignores the address", async () => {
    using all = await Connected.open(m, "IPv4");
    assert.equal(await all.client.sendto("a", ["127.0.0.1", 9]), 1);
    assert.equal(await all.client.sendto("b", 0, ["127.0.0.1", 9]), 1);
    assert.equal(text(await receive(all.peer, 2)), "ab");
  });

  test("TCP: recvfrom has no address", async () => {
    using all = await Connected.open(m, "IPv4");
    await all.client.sendall("a");
    assert.equal((await all.peer.recvfrom(10))[1], null);
  });

  test("iteration receives to the end of the stream", async () => {
    using all = await Connected.open(m);
    await all.client.sendall("one");
    const chunks: string[] = [];
    for await (const chunk of all.peer) {
      chunks.push(text(chunk));
      if (chunks.length === 1) await all.client.sendall("two");
      else await all.client.shutdown(m.SHUT_WR);
    }
    assert.deepEqual(chunks, ["one", "two"]);
    assert.equal((await all.peer.recv(1)).length, 0, "still open");
  });

  test("leaving an iteration closes nothing", async () => {
    using all = await Connected.open(m);
    await all.client.sendall("one");
    for await (const chunk of all.peer) {
      assert.equal(text(chunk), "one");
      break;
    }
    await all.client.sendall("two");
    assert.equal(text(await receive(all.peer, 3)), "two");
  });

  test("iteration over a listener accepts, and ends when it is closed", async () => {
    using all = await Connected.open(m);
    let served = 0;
    const serving = (async () => {
      for await (const [peer, address] of all.server) {
        served++;
        assert.deepEqual(address, peer.getpeername());
        peer.close();
      }
    })();
    for (let n = 0; n < 3; n++) {
      using client = all.socket();
      await client.connect(all.address);
      assert.equal((await client.recv(1)).length, 0);
    }
    all.server.close();
    await serving;
    assert.equal(served, 3);
  });
}

/** Returns bytes whose period divides no buffer size, so that a shift in a stream is found. */
function pattern(size: number, from = 0): Uint8Array {
  const data = new Uint8Array(size);
  for (let place = 0; place < size; place++) data[place] = (from + place) % 251;
  return data;
}

/** Returns whether two byte strings are equal. node:assert takes seconds to compare megabytes. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let place = 0; place < a.length; place++) if (a[place] !== b[place]) return false;
  return true;
}
