// The retry loop alone, over a pollable in memory that the test controls.

import assert from "node:assert/strict";
import { Lane } from "../core/lane.ts";
import { errorFor } from "../base/errors.ts";
import type { OSError } from "../base/errors.ts";
import { realRuntime } from "../deno/runtime.ts";
import { POLLIN } from "../base/poll.ts";
import { WOULD_BLOCK } from "../seam/transport.ts";
import type { Caller, Pollable, Waiter, WouldBlock } from "../seam/transport.ts";

/** A pollable with a queue of items for attempts. It counts its waiters. */
class Source implements Pollable {
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

function make(): [Source, Lane] {
  const source = new Source();
  return [source, new Lane(source, POLLIN, realRuntime)];
}

Deno.test("lane: what is there is taken at once, and no waiter is registered", async () => {
  const [source, lane] = make();
  source.items = ["a"];
  assert.equal(await lane.run(source.take, null, undefined), "a");
  assert.equal(source.attempts, 1);
  assert.equal(source.waiters.size, 0);
});

Deno.test("lane: a call that waits is woken, and a wake without an item changes nothing", async () => {
  const [source, lane] = make();
  const taken = lane.run(source.take, null, undefined);
  assert.equal(source.waiters.size, 1);
  source.wake();
  source.wake();
  assert.equal(source.waiters.size, 1, "still watching");
  source.put("a");
  assert.equal(await taken, "a");
  assert.equal(source.waiters.size, 0);
});

Deno.test("lane: calls are served in order, also by one wake", async () => {
  const [source, lane] = make();
  const order: string[] = [];
  const calls = [1, 2, 3].map((n) => lane.run(source.take, null, undefined).then((item) => order.push(`${n}${item}`)));
  source.put("a", "b");
  await Promise.all(calls.slice(0, 2));
  assert.deepEqual(order, ["1a", "2b"]);
  source.put("c");
  await calls[2];
  assert.deepEqual(order, ["1a", "2b", "3c"]);
  assert.equal(source.waiters.size, 0);
});

Deno.test("lane: a new call is queued behind the others, even if something is there", async () => {
  const [source, lane] = make();
  const first = lane.run(source.take, null, undefined);
  source.items.push("a", "b");
  const second = lane.run(source.take, null, undefined);
  source.wake();
  assert.equal(await first, "a");
  assert.equal(await second, "b");
});

Deno.test("lane: an attempt that keeps progress keeps its turn", async () => {
  const [source, lane] = make();
  const pair: string[] = [];
  const both = lane.run(
    () => {
      while (pair.length < 2) {
        const item = source.take();
        if (item === WOULD_BLOCK) return WOULD_BLOCK;
        pair.push(item);
      }
      return pair.join("");
    },
    null,
    undefined,
  );
  const next = lane.run(source.take, null, undefined);
  source.put("a");
  source.put("b");
  source.put("c");
  assert.equal(await both, "ab");
  assert.equal(await next, "c");
});

Deno.test("lane: an error is the caller's, and the next one goes on", async () => {
  const [source, lane] = make();
  source.error = new Error("broken");
  await assert.rejects(lane.run(source.take, null, undefined), source.error);
  source.error = null;
  const first = lane.run(source.take, null, undefined);
  const second = lane.run(() => source.items.shift() ?? WOULD_BLOCK, null, undefined);
  source.error = new Error("broken later");
  source.items.push("a");
  source.wake();
  await assert.rejects(first, source.error);
  assert.equal(await second, "a");
  assert.equal(source.waiters.size, 0);
});

Deno.test("lane: a timeout loses nothing", async () => {
  const [source, lane] = make();
  await assert.rejects(lane.run(source.take, 0.005, undefined), { name: "TimeoutError", message: "timed out" });
  assert.equal(source.waiters.size, 0);
  source.put("a");
  assert.equal(await lane.run(source.take, 0.005, undefined), "a");
});

Deno.test("lane: at the deadline there is one last attempt", async () => {
  const [source, lane] = make();
  const taken = lane.run(source.take, 0.005, undefined);
  source.items.push("a");
  assert.equal(await taken, "a");
});

Deno.test("lane: a non-blocking call settles before it gives up", async () => {
  const [source, lane] = make();
  await assert.rejects(lane.run(source.take, 0, undefined), { name: "BlockingIOError", code: "EAGAIN" });
  assert.equal(source.settles, 1);
  source.late = ["a"];
  assert.equal(await lane.run(source.take, 0, undefined), "a");
  assert.equal(source.waiters.size, 0);
});

Deno.test("lane: a non-blocking call behind a waiting one takes nothing from it", async () => {
  const [source, lane] = make();
  const first = lane.run(source.take, null, undefined);
  source.late = ["a"];
  await assert.rejects(lane.run(source.take, 0, undefined), { code: "EAGAIN" });
  source.wake();
  assert.equal(await first, "a");
});

Deno.test("lane: an aborted signal rejects before the first attempt", async () => {
  const [source, lane] = make();
  source.items = ["a"];
  const reason = new Error("enough");
  await assert.rejects(lane.run(source.take, null, AbortSignal.abort(reason)), reason);
  assert.equal(source.attempts, 0);
  assert.deepEqual(source.items, ["a"]);
});

Deno.test("lane: an abort ends one call, first or not, and the others move up", async () => {
  for (const place of [0, 1, 2]) {
    const [source, lane] = make();
    const abort = new AbortController();
    const calls = [0, 1, 2].map((n) => lane.run(source.take, null, n === place ? abort.signal : undefined));
    abort.abort("enough");
    await assert.rejects(calls[place], (reason) => reason === "enough");
    const rest = calls.filter((_, n) => n !== place);
    source.put("a", "b");
    assert.deepEqual(await Promise.all(rest), ["a", "b"]);
    assert.equal(source.waiters.size, 0);
  }
});

Deno.test("lane: cancel rejects all, each with an error of its own, and the lane goes on", async () => {
  const [source, lane] = make();
  const calls = [1, 2].map((n) => lane.run(source.take, n === 1 ? null : 5, new AbortController().signal));
  lane.cancel();
  const [one, two] = await Promise.all(calls.map((call) => call.catch((error) => error)));
  assert.equal(one.code, "EBADF");
  assert.equal(two.code, "EBADF");
  assert.equal(source.waiters.size, 0);
  source.items = ["a"];
  assert.equal(await lane.run(source.take, null, undefined), "a");
});

Deno.test("lane: a call from a result's own turn finds the lane in order", async () => {
  const [source, lane] = make();
  const chain = lane.run(source.take, null, undefined).then(() => lane.run(source.take, null, undefined));
  const second = lane.run(source.take, null, undefined);
  source.put("a", "b", "c");
  assert.equal(await second, "b");
  assert.equal(await chain, "c");
});

Deno.test("lane: the turn is raised whenever a call ends, and not before", async () => {
  const [source, lane] = make();
  const ended = async (call: Promise<unknown>) => {
    await call.catch(() => {});
    return lane.turn;
  };
  source.items.push("a");
  assert.equal(await ended(lane.run(source.take, null, undefined)), 1, "at once");
  source.error = new Error("broken");
  assert.equal(await ended(lane.run(source.take, null, undefined)), 2, "an error at once");
  source.error = null;
  const waiting = lane.run(source.take, null, undefined);
  const queued = lane.run(source.take, null, undefined);
  source.wake();
  assert.equal(lane.turn, 2, "both wait");
  source.put("b");
  assert.equal(lane.turn, 3, "the first is answered");
  await waiting;
  lane.cancel();
  assert.equal(await ended(queued), 4, "cancelled");
  assert.equal(await ended(lane.run(source.take, 0, undefined)), 5, "would block");
  assert.equal(await ended(lane.run(source.take, 0.001, undefined)), 6, "timed out");
});

Deno.test("lane: giving up is the last attempt, forget, the next turn, the rejection, and the next call", async () => {
  const [source, lane] = make();
  const steps: string[] = [];
  const note = (step: string) => steps.push(`${step} ${lane.turn}`);
  source.open.forget = () => void note("forget");
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

Deno.test("lane: a queued call that is given up takes nothing from the first one's turn", async () => {
  const [source, lane] = make();
  const first = lane.run(source.take, null, undefined);
  const abort = new AbortController();
  const second = lane.run(source.take, null, abort.signal);
  abort.abort("aborted");
  await assert.rejects(second, (reason) => reason === "aborted");
  assert.deepEqual([lane.turn, source.forgotten], [0, []]);
  source.put("a");
  assert.equal(await first, "a");
});

Deno.test("lane: cancel forgets the call that waits", async () => {
  const [source, lane] = make();
  const call = lane.run(source.take, null, undefined);
  lane.cancel();
  await assert.rejects(call, { code: "EBADF" });
  assert.deepEqual(source.forgotten, [0]);
});

Deno.test("lane: what a transport says when it would block is its own choice", async () => {
  const [source, lane] = make();
  const error = new Error("wants to write");
  Object.assign(source.open, { blockingError: (mask: number) => mask === POLLIN ? error : undefined });
  await assert.rejects(lane.run(source.take, 0, undefined), error);
});

Deno.test("lane: errors that end a wait tell the call, and have the stack of its caller", async () => {
  const [source, lane] = make();
  const operation = { syscall: "recvfrom", address: ["127.0.0.1", 7] };
  const aTimedOutCaller = async () => await lane.run(source.take, 0.001, undefined, operation);
  const aNonBlockingCaller = async () => await lane.run(source.take, 0, undefined, operation);
  const aClosedCaller = async () => await lane.run(source.take, null, undefined, operation);
  const aFailedCaller = async () => await lane.run(source.take, null, undefined, operation);
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
  source.error = errorFor("ECONNRESET", { syscall: "recv" });
  source.wake();
  await assert.rejects(failed, { code: "ECONNRESET", syscall: "recv", stack: /at async aFailedCaller/ });
});
