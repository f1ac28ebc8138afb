// One turn of the event loop permits a limited number of attempts. Waits learn of events that an attempt did not see for
// that reason: the kernel does not report them again.

import assert from "node:assert/strict";
import type { Socket } from "../mod.ts";
import { epoll, EPOLLIN, SHUT_WR, socketpair } from "../native.ts";
import { SSLEOFError } from "../native/ssl.ts";
import { errorOf, text } from "./tls/backends.ts";
import { rawPair } from "./tls/raw_pair.ts";

/** More than one turn permits. */
const ATTEMPTS = 600;

/** A socket with data, whose receives use up the attempts of a turn. */
class Consumer implements AsyncDisposable {
  readonly #receives: Promise<unknown>[] = [];
  readonly #left: Socket;
  readonly #right: Socket;

  private constructor(left: Socket, right: Socket) {
    this.#left = left;
    this.#right = right;
  }

  static async make(): Promise<Consumer> {
    const [left, right] = await socketpair() as unknown as [Socket, Socket];
    await left.sendall(new Uint8Array(ATTEMPTS));
    return new Consumer(left, right);
  }

  /** Uses up the attempts of this turn. */
  useUp(): void {
    for (let call = 0; call < ATTEMPTS; call++) this.#receives.push(this.#right.recv(1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#receives);
    this.#left.close();
    this.#right.close();
  }
}

Deno.test("native: epoll reports TLS data that it could not receive in the turn in which it looked", async () => {
  using pair = await rawPair();
  await using consumer = await Consumer.make();
  using poller = epoll();
  poller.register(pair.near, EPOLLIN);
  assert.deepEqual(await poller.poll(0), []);
  await pair.peer.send("data");
  await pair.far.shutdown(SHUT_WR);
  assert.deepEqual(await poller.poll(5), [[pair.near.fileno(), EPOLLIN]]);
  assert.equal(text(await pair.near.recv(4)), "data");
  consumer.useUp();
  assert.deepEqual(await poller.poll(5), [[pair.near.fileno(), EPOLLIN]]);
  assert.ok((await errorOf(pair.near.recv(1))) instanceof SSLEOFError);
});

Deno.test("native: what TLS could not send in a turn is sent in the next one, while a receive waits", async () => {
  using pair = await rawPair();
  await using consumer = await Consumer.make();
  // The socket waits already, so the kernel has reported that it can send.
  const first = pair.near.recv(10);
  await pair.peer.send("first");
  assert.equal(text(await first), "first");
  const receiving = pair.near.recv(10);
  pair.far.settimeout(5);
  consumer.useUp();
  assert.equal(await pair.near.send("question"), 8);
  assert.equal(await pair.peer.receive(), "question");
  await pair.peer.send("answer");
  assert.equal(text(await receiving), "answer");
});
