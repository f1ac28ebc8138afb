// The retry loop without a socket, over a pollable in memory that the test controls.

import assert from "node:assert/strict";
import { Lane, whenReadable } from "../core/lane.ts";
import { errorFor } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import { realRuntime } from "../deno/runtime.ts";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDHUP } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Pollable, Waiter, WouldBlock } from "../seam/transport.ts";

/** A pollable with a queue of items for attempts. It counts its waiters. */
class QueuePollable implements Pollable {
  items: string[] = [];
  error: Error | null = null;
  attempts = 0;
  settles = 0;
  /** Items that are found only by settling, as on a backend that learns late. */
  late: string[] = [];
  readonly waiters = new Set<Waiter>();
  /** The turns that callers gave up. */
  readonly forgotten: number[] = [];
  readonly open = { forget: (caller: Caller) => void this.forgotten.push(caller.turn) };

  events(): number {
    return this.items.length > 0 ? POLLIN : 0;
  }
  watch(_mask: number, waiter: Waiter): void {
    this.waiters.add(waiter);
  }
  unwatch(waiter: Waiter): void {
    this.waiters.delete(waiter);
  }
  settle(): Promise<void> | undefined {
    this.settles++;
    if (this.late.length === 0) return undefined;
    return Promise.resolve().then(() => {
      this.items.push(...this.late.splice(0));
    });
  }

  /** An attempt to take one item. */
  readonly take = (): string | WouldBlock => {
    this.attempts++;
    if (this.error !== null) throw this.error;
    return this.items.shift() ?? WOULD_BLOCK;
  };

  put(...items: string[]): void {
    this.items.push(...items);
    this.wake();
  }
  wake(): void {
    for (const waiter of [...this.waiters]) waiter.wake();
  }
}

function make(): [QueuePollable, Lane] {
  const queue = new QueuePollable();
  return [queue, new Lane(queue, POLLIN, realRuntime)];
}

Deno.test("lane: a first attempt that succeeds registers no waiter", async () => {
  const [queue, lane] = make();
  queue.items = ["a"];
  assert.equal(await lane.run(queue.take, null, undefined), "a");
  assert.equal(queue.attempts, 1);
  assert.equal(queue.waiters.size, 0);
});

Deno.test("lane: a wake lets a waiting call try again, and a wake without an event changes nothing", async () => {
  const [queue, lane] = make();
  const taken = lane.run(queue.take, null, undefined);
  assert.equal(queue.waiters.size, 1);
  queue.wake();
  queue.wake();
  assert.equal(queue.waiters.size, 1, "still watching");
  queue.put("a");
  assert.equal(await taken, "a");
  assert.equal(queue.waiters.size, 0);
});

Deno.test("lane: calls are served in order, also after a single wake", async () => {
  const [queue, lane] = make();
  const order: string[] = [];
  const calls = [1, 2, 3].map((n) => lane.run(queue.take, null, undefined).then((item) => order.push(`${n}${item}`)));
  queue.put("a", "b");
  await Promise.all(calls.slice(0, 2));
  assert.deepEqual(order, ["1a", "2b"]);
  queue.put("c");
  await calls[2];
  assert.deepEqual(order, ["1a", "2b", "3c"]);
  assert.equal(queue.waiters.size, 0);
});

Deno.test("lane: a new call is queued behind the others, even if its attempt would succeed", async () => {
  const [queue, lane] = make();
  const first = lane.run(queue.take, null, undefined);
  queue.items.push("a", "b");
  const second = lane.run(queue.take, null, undefined);
  queue.wake();
  assert.equal(await first, "a");
  assert.equal(await second, "b");
});

Deno.test("lane: a call whose attempts make progress stays the first of its lane", async () => {
  const [queue, lane] = make();
  const pair: string[] = [];
  const both = lane.run(
    () => {
      while (pair.length < 2) {
        const item = queue.take();
        if (item === WOULD_BLOCK) return WOULD_BLOCK;
        pair.push(item);
      }
      return pair.join("");
    },
    null,
    undefined,
  );
  const next = lane.run(queue.take, null, undefined);
  queue.put("a");
  queue.put("b");
  queue.put("c");
  assert.equal(await both, "ab");
  assert.equal(await next, "c");
});

Deno.test("lane: an error rejects the first call, and the next call continues", async () => {
  const [queue, lane] = make();
  queue.error = new Error("broken");
  await assert.rejects(lane.run(queue.take, null, undefined), queue.error);
  queue.error = null;
  const first = lane.run(queue.take, null, undefined);
  const second = lane.run(() => queue.items.shift() ?? WOULD_BLOCK, null, undefined);
  queue.error = new Error("broken later");
  queue.items.push("a");
  queue.wake();
  await assert.rejects(first, queue.error);
  assert.equal(await second, "a");
  assert.equal(queue.waiters.size, 0);
});

Deno.test("lane: a timeout loses nothing", async () => {
  const [queue, lane] = make();
  await assert.rejects(lane.run(queue.take, 0.005, undefined), { name: "TimeoutError", message: "timed out" });
  assert.equal(queue.waiters.size, 0);
  queue.put("a");
  assert.equal(await lane.run(queue.take, 0.005, undefined), "a");
});

Deno.test("lane: at the deadline there is one last attempt", async () => {
  const [queue, lane] = make();
  const taken = lane.run(queue.take, 0.005, undefined);
  queue.items.push("a");
  assert.equal(await taken, "a");
});

Deno.test("lane: a non-blocking call settles before it gives up", async () => {
  const [queue, lane] = make();
  await assert.rejects(lane.run(queue.take, 0, undefined), { name: "BlockingIOError", code: "EAGAIN" });
  assert.equal(queue.settles, 1);
  queue.late = ["a"];
  assert.equal(await lane.run(queue.take, 0, undefined), "a");
  assert.equal(queue.waiters.size, 0);
});

Deno.test("lane: a non-blocking call behind a waiting call takes nothing from it", async () => {
  const [queue, lane] = make();
  const first = lane.run(queue.take, null, undefined);
  queue.late = ["a"];
  await assert.rejects(lane.run(queue.take, 0, undefined), { code: "EAGAIN" });
  queue.wake();
  assert.equal(await first, "a");
});

Deno.test("lane: an aborted signal rejects before the first attempt", async () => {
  const [queue, lane] = make();
  queue.items = ["a"];
  const reason = new Error("enough");
  await assert.rejects(lane.run(queue.take, null, AbortSignal.abort(reason)), reason);
  assert.equal(queue.attempts, 0);
  assert.deepEqual(queue.items, ["a"]);
});

Deno.test("lane: an abort ends one call, first or not, and the others move up", async () => {
  for (const place of [0, 1, 2]) {
    const [queue, lane] = make();
    const abort = new AbortController();
    const calls = [0, 1, 2].map((n) => lane.run(queue.take, null, n === place ? abort.signal : undefined));
    abort.abort("enough");
    await assert.rejects(calls[place], (reason) => reason === "enough");
    const rest = calls.filter((_, n) => n !== place);
    queue.put("a", "b");
    assert.deepEqual(await Promise.all(rest), ["a", "b"]);
    assert.equal(queue.waiters.size, 0);
  }
});

Deno.test("lane: cancel rejects each call with its own error, and the lane can be used again", async () => {
  const [queue, lane] = make();
  const calls = [1, 2].map((n) => lane.run(queue.take, n === 1 ? null : 5, new AbortController().signal));
  lane.cancel();
  const [one, two] = await Promise.all(calls.map((call) => call.catch((error) => error)));
  assert.equal(one.code, "EBADF");
  assert.equal(two.code, "EBADF");
  assert.equal(queue.waiters.size, 0);
  queue.items = ["a"];
  assert.equal(await lane.run(queue.take, null, undefined), "a");
});

/** Lets the event loop turn. A rejection that nothing handles would end the test run here. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

Deno.test("lane: a last attempt that closes the socket and succeeds is not rejected as well", async () => {
  const [, lane] = make();
  const close = () => {
    lane.cancel();
    return "a";
  };
  const attempts: (() => string | WouldBlock)[] = [() => WOULD_BLOCK, close];
  assert.equal(await lane.run(() => attempts.shift()!(), 0, undefined), "a");
  await turn();
});

Deno.test("lane: an attempt that aborts its own call and succeeds is not rejected as well", async () => {
  const [queue, lane] = make();
  Object.assign(queue, { atRest: () => Promise.resolve() });
  const controller = new AbortController();
  const abort = () => {
    controller.abort();
    return "a";
  };
  // The third one is the last attempt of the abort.
  const attempts: (() => string | WouldBlock)[] = [() => WOULD_BLOCK, abort, () => WOULD_BLOCK];
  const call = lane.run(() => attempts.shift()!(), null, controller.signal);
  queue.wake();
  assert.equal(await call, "a");
  await turn();
});

Deno.test("lane: a call that is made when another call settles is queued behind the waiting calls", async () => {
  const [queue, lane] = make();
  const chain = lane.run(queue.take, null, undefined).then(() => lane.run(queue.take, null, undefined));
  const second = lane.run(queue.take, null, undefined);
  queue.put("a", "b", "c");
  assert.equal(await second, "b");
  assert.equal(await chain, "c");
});

Deno.test("lane: the turn is raised whenever a call ends, and not before", async () => {
  const [queue, lane] = make();
  const ended = async (call: Promise<unknown>) => {
    await call.catch(() => {});
    return lane.turn;
  };
  queue.items.push("a");
  assert.equal(await ended(lane.run(queue.take, null, undefined)), 1, "at once");
  queue.error = new Error("broken");
  assert.equal(await ended(lane.run(queue.take, null, undefined)), 2, "an error at once");
  queue.error = null;
  const waiting = lane.run(queue.take, null, undefined);
  const queued = lane.run(queue.take, null, undefined);
  queue.wake();
  assert.equal(lane.turn, 2, "both wait");
  queue.put("b");
  assert.equal(lane.turn, 3, "the first is answered");
  await waiting;
  lane.cancel();
  assert.equal(await ended(queued), 4, "cancelled");
  assert.equal(await ended(lane.run(queue.take, 0, undefined)), 5, "would block");
  assert.equal(await ended(lane.run(queue.take, 0.001, undefined)), 6, "timed out");
});

Deno.test("lane: giving up is the last attempt, forget, the next turn, the rejection, and the next call", async () => {
  const [queue, lane] = make();
  const steps: string[] = [];
  const note = (step: string) => steps.push(`${step} ${lane.turn}`);
  queue.open.forget = () => void note("forget");
  const abort = new AbortController();
  const first = lane.run(
    () => {
      note("try");
      return WOULD_BLOCK;
    },
    null,
    abort.signal,
  ).catch((reason) => note(reason));
  const second = lane.run(
    () => {
      note("next");
      return "done";
    },
    null,
    undefined,
  );
  abort.abort("aborted");
  await Promise.all([first, second]);
  assert.deepEqual(steps, ["try 0", "try 0", "forget 0", "next 1", "aborted 2"]);
});

Deno.test("lane: giving up a queued call does not raise the turn of the first call", async () => {
  const [queue, lane] = make();
  const first = lane.run(queue.take, null, undefined);
  const abort = new AbortController();
  const second = lane.run(queue.take, null, abort.signal);
  abort.abort("aborted");
  await assert.rejects(second, (reason) => reason === "aborted");
  assert.deepEqual([lane.turn, queue.forgotten], [0, []]);
  queue.put("a");
  assert.equal(await first, "a");
});

Deno.test("lane: cancel forgets the call that waits", async () => {
  const [queue, lane] = make();
  const call = lane.run(queue.take, null, undefined);
  lane.cancel();
  await assert.rejects(call, { code: "EBADF" });
  assert.deepEqual(queue.forgotten, [0]);
});

Deno.test("lane: a transport may choose the error of a call that would block", async () => {
  const [queue, lane] = make();
  const error = new Error("wants to write");
  Object.assign(queue.open, { blockingError: (mask: number) => mask === POLLIN ? error : undefined });
  await assert.rejects(lane.run(queue.take, 0, undefined), error);
});

Deno.test("lane: errors that end a wait name the call, and have the stack of the program", async () => {
  const [queue, lane] = make();
  const operation = { syscall: "recvfrom", address: ["127.0.0.1", 7] };
  const aTimedOutCaller = async () => await lane.run(queue.take, 0.001, undefined, operation);
  const aNonBlockingCaller = async () => await lane.run(queue.take, 0, undefined, operation);
  const aClosedCaller = async () => await lane.run(queue.take, null, undefined, operation);
  const aFailedCaller = async () => await lane.run(queue.take, null, undefined, operation);
  for (const [caller, name] of [[aTimedOutCaller, "TimeoutError"], [aNonBlockingCaller, "BlockingIOError"]] as const) {
    await assert.rejects(caller(), (error: OSError) => {
      assert.equal(error.name, name);
      assert.deepEqual([error.syscall, error.address], ["recvfrom", ["127.0.0.1", 7]]);
      assert.match(error.stack!, new RegExp(`at async ${caller.name}`));
      return true;
    });
  }
  const closed = aClosedCaller();
  lane.cancel();
  await assert.rejects(closed, { code: "EBADF", syscall: "recvfrom", stack: /at async aClosedCaller/ });
  const failed = aFailedCaller();
  queue.error = errorFor("ECONNRESET", { syscall: "recv" });
  queue.wake();
  await assert.rejects(failed, { code: "ECONNRESET", syscall: "recv", stack: /at async aFailedCaller/ });
});

Deno.test("an attempt that polls first is made for the events for which poll(2) returns, and for no others", () => {
  const attemptAt = (events: number) => whenReadable({ events: () => events }, () => "attempted")();
  for (const events of [POLLIN, POLLERR, POLLHUP, POLLNVAL, POLLIN | POLLOUT]) {
    assert.equal(attemptAt(events), "attempted", `events ${events}`);
  }
  // A backend may report events that were not asked for.
  for (const events of [0, POLLOUT, POLLPRI, POLLRDHUP]) {
    assert.equal(attemptAt(events), WOULD_BLOCK, `events ${events}`);
  }
});
