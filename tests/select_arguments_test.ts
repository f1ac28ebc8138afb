// Every argument that select, poll and epoll refuse: the same kind of error as CPython's for the same call.

import assert from "node:assert/strict";
import * as select from "../select.ts";
import { OSError } from "../mod.ts";
import { askPython, pythonTest } from "./_helpers.ts";
import { Memory } from "./_memory_pollable.ts";

/** The outcome of a call, in words that both languages use. */
async function outcome(call: () => unknown): Promise<string> {
  try {
    await call();
    return "ok";
  } catch (error) {
    if (error instanceof OSError) return error.code ?? "OSError";
    return (error as Error).name;
  }
}

const JUDGE = `
import errno, json, os, select, socket, sys
from math import nan, inf
def outcome(text):
    a, b = socket.socketpair()
    e, f, p = select.epoll(), select.epoll(), select.poll()
    closed = socket.socket(); closed.close()
    shut = select.epoll(); shut.close()
    class Words:
        def fileno(self): return "words"
    class Below:
        def fileno(self): return -2
    words, below = Words(), Below()
    gone = os.dup(0); os.close(gone)
    ET, ONESHOT, EXCLUSIVE, RDHUP, PRI = (select.EPOLLET, select.EPOLLONESHOT, select.EPOLLEXCLUSIVE,
                                          select.EPOLLRDHUP, select.EPOLLPRI)
    try:
        for step in text.split("; "): eval(step)
        return "ok"
    except (ValueError, OverflowError): return "RangeError"
    except TypeError: return "TypeError"
    except KeyError: return "KeyError"
    except OSError as error: return errno.errorcode[error.errno] if error.errno else "OSError"
    finally:
        for one in (a, b, e, f): one.close()
print(json.dumps([outcome(text) for text in json.loads(sys.argv[1])]))
`;

type World = ReturnType<typeof world>;

function world() {
  const shut = select.epoll();
  shut.close();
  const closed = new Memory();
  const gone = closed.fileno();
  closed.closeNumber();
  return {
    a: new Memory(select.POLLOUT),
    b: new Memory(select.POLLOUT),
    e: select.epoll(),
    f: select.epoll(),
    p: select.poll(),
    words: { fileno: () => "words" as unknown as number },
    below: { fileno: () => -2 },
    closed,
    gone,
    shut,
  };
}

/** The call in Python (steps separated by "; "), and the same call here. */
const CALLS: Record<string, (w: World) => unknown> = {
  "select.select([a], [], [], -1)": (w) => select.select([w.a], [], [], -1),
  "select.select([], [], [], -0.0)": () => select.select([], [], [], -0),
  "select.select([], [], [], nan)": () => select.select([], [], [], NaN),
  "select.select([], [], [], inf)": () => select.select([], [], [], Infinity),
  "select.select([], [], [], 9.3e9)": () => select.select([], [], [], 9.3e9),
  "select.select([], [], [], 'a')": () => select.select([], [], [], "a" as any),
  "select.select(1, [], [])": () => select.select(1 as any, [], []),
  "select.select(['x'], [], [])": () => select.select(["x" as any], [], []),
  "select.select([1.5], [], [])": () => select.select([1.5], [], []),
  "select.select([None], [], [])": () => select.select([null as any], [], []),
  "select.select([-1], [], [])": () => select.select([-1], [], []),
  "select.select([2**31], [], [])": () => select.select([2 ** 31], [], []),
  "select.select([words], [], [])": (w) => select.select([w.words], [], []),
  "select.select([below], [], [])": (w) => select.select([w.below], [], []),
  "select.select([closed], [], [])": (w) => select.select([w.closed], [], []),
  "select.select([], [], [gone])": (w) => select.select([], [], [w.gone]),
  "select.select([gone], ['x'], [])": (w) => select.select([w.gone], ["x" as any], []),
  "select.select([a, a], [a], [a], 0)": (w) => select.select([w.a, w.a], [w.a], [w.a], 0),
  "p.register(-1)": (w) => w.p.register(-1),
  "p.register(9999)": (w) => w.p.register(9999),
  "p.register('x')": (w) => w.p.register("x" as any),
  "p.register(closed)": (w) => w.p.register(w.closed),
  "p.register(a, -1)": (w) => w.p.register(w.a, -1),
  "p.register(a, 65536)": (w) => w.p.register(w.a, 65536),
  "p.register(a, 65535)": (w) => w.p.register(w.a, 65535),
  "p.register(a, 'x')": (w) => w.p.register(w.a, "x" as any),
  "p.register(a); p.register(a)": (w) => (w.p.register(w.a), w.p.register(w.a)),
  "p.modify(a, 1)": (w) => w.p.modify(w.a, 1),
  "p.modify(-1, 1)": (w) => w.p.modify(-1, 1),
  "p.register(a); p.modify(a, 65536)": (w) => (w.p.register(w.a), w.p.modify(w.a, 65536)),
  "p.unregister(a)": (w) => w.p.unregister(w.a),
  "p.unregister(-1)": (w) => w.p.unregister(-1),
  "p.poll(nan)": (w) => w.p.poll(NaN),
  "p.poll('a')": (w) => w.p.poll("a" as any),
  "p.poll(2**31)": (w) => w.p.poll(2 ** 31),
  "p.poll(-2**31-5)": (w) => w.p.poll(-(2 ** 31) - 5),
  "p.poll(1e300)": (w) => w.p.poll(1e300),
  "p.poll(0.5)": (w) => w.p.poll(0.5),
  "select.epoll(0)": () => select.epoll(0),
  "select.epoll(-2)": () => select.epoll(-2),
  "select.epoll('a')": () => select.epoll("a" as any),
  "select.epoll(2**31)": () => select.epoll(2 ** 31),
  "select.epoll(-1, 1)": () => select.epoll(-1, 1),
  "select.epoll(-1, select.EPOLL_CLOEXEC).close()": () => select.epoll(-1, select.EPOLL_CLOEXEC).close(),
  "e.register(-1)": (w) => w.e.register(-1),
  "e.register(9999)": (w) => w.e.register(9999),
  "e.register(closed)": (w) => w.e.register(w.closed),
  "e.register('x')": (w) => w.e.register("x" as any),
  "e.register(a, 'x')": (w) => w.e.register(w.a, "x" as any),
  "e.register(a, 1.5)": (w) => w.e.register(w.a, 1.5),
  "e.register(a, -1)": (w) => w.e.register(w.a, -1),
  "e.register(a, ET|1)": (w) => w.e.register(w.a, select.EPOLLET | 1),
  "e.register(a); e.register(a)": (w) => (w.e.register(w.a), w.e.register(w.a)),
  "e.modify(a, 1)": (w) => w.e.modify(w.a, 1),
  "e.modify(9999, 1)": (w) => w.e.modify(9999, 1),
  "e.unregister(a)": (w) => w.e.unregister(w.a),
  "e.unregister(9999)": (w) => w.e.unregister(9999),
  "e.register(e)": (w) => w.e.register(w.e),
  "e.register(f); f.register(e)": (w) => (w.e.register(w.f), w.f.register(w.e)),
  "e.register(a, EXCLUSIVE|1); e.modify(a, 1)": (w) => (
    w.e.register(w.a, select.EPOLLEXCLUSIVE | 1), w.e.modify(w.a, 1)
  ),
  "e.register(a, 1); e.modify(a, EXCLUSIVE|1)": (w) => (
    w.e.register(w.a, 1), w.e.modify(w.a, select.EPOLLEXCLUSIVE | 1)
  ),
  "e.register(a, EXCLUSIVE|ONESHOT)": (w) => w.e.register(w.a, select.EPOLLEXCLUSIVE | select.EPOLLONESHOT),
  "e.register(a, EXCLUSIVE|RDHUP)": (w) => w.e.register(w.a, select.EPOLLEXCLUSIVE | select.EPOLLRDHUP),
  "e.register(a, EXCLUSIVE|PRI)": (w) => w.e.register(w.a, select.EPOLLEXCLUSIVE | select.EPOLLPRI),
  "e.register(a, EXCLUSIVE|ET|29)": (w) => w.e.register(w.a, select.EPOLLEXCLUSIVE | select.EPOLLET | 29),
  "e.register(f, EXCLUSIVE|1)": (w) => w.e.register(w.f, select.EPOLLEXCLUSIVE | 1),
  "e.poll(nan)": (w) => w.e.poll(NaN),
  "e.poll('a')": (w) => w.e.poll("a" as any),
  "e.poll(1e300)": (w) => w.e.poll(1e300),
  "e.poll(2147484.5)": (w) => w.e.poll(2147484.5),
  "e.poll(0, 0)": (w) => w.e.poll(0, 0),
  "e.poll(0, -1)": (w) => w.e.poll(0, -1),
  "e.poll(0, -2)": (w) => w.e.poll(0, -2),
  "e.poll(0, 2**31)": (w) => w.e.poll(0, 2 ** 31),
  "e.poll(0, 1.5)": (w) => w.e.poll(0, 1.5),
  "e.close(); e.close()": (w) => (w.e.close(), w.e.close()),
  "shut.fileno()": (w) => w.shut.fileno(),
  "shut.register(a)": (w) => w.shut.register(w.a),
  "shut.modify(a, 1)": (w) => w.shut.modify(w.a, 1),
  "shut.unregister(a)": (w) => w.shut.unregister(w.a),
  "shut.poll(0)": (w) => w.shut.poll(0),
  "select.select([shut], [], [], 0)": (w) => select.select([w.shut], [], [], 0),
  "select.epoll.fromfd(9999).poll(0)": () => select.epoll.fromfd(9999).poll(0),
  "select.epoll.fromfd(9999).register(a)": (w) => select.epoll.fromfd(9999).register(w.a),
  "select.epoll.fromfd(os.dup(a.fileno())).poll(0)": (w) => select.epoll.fromfd(w.a.fileno()).poll(0),
  "select.epoll.fromfd(os.dup(a.fileno())).register(b)": (w) => select.epoll.fromfd(w.a.fileno()).register(w.b),
  "select.epoll.fromfd('q')": () => select.epoll.fromfd("q" as any),
};

pythonTest("select, poll and epoll refuse the same arguments as CPython", async () => {
  const judged: string[] = await askPython(JUDGE, JSON.stringify(Object.keys(CALLS)));
  const ours: Record<string, string> = {};
  const theirs: Record<string, string> = {};
  for (const [place, [text, call]] of Object.entries(CALLS).entries()) {
    const w = world();
    ours[text] = await outcome(() => call(w));
    theirs[text] = judged[place];
    for (const one of [w.a, w.b]) one.closeNumber();
    for (const one of [w.e, w.f]) one.close();
  }
  assert.deepEqual(ours, theirs);
});

pythonTest("the constants are those of CPython's select module", async () => {
  const judged: Record<string, number> = await askPython(`
import json, select
print(json.dumps({name: value for name in dir(select) if type(value := getattr(select, name)) is int}))
`);
  const ours = Object.fromEntries(Object.keys(judged).map((name) => [name, (select as Record<string, unknown>)[name]]));
  assert.deepEqual(ours, judged);
});

Deno.test("the error of something that is no file has CPython's text", async () => {
  const noDescriptor = { name: "TypeError", message: "argument must be an int, or have a fileno() method." };
  for (const item of ["x", null, 1.5] as any[]) await assert.rejects(select.select([item], [], []), noDescriptor);
  assert.throws(() => select.poll().register("x" as any), noDescriptor);
  using selector = new select.SelectSelector();
  const texts = [["x", "'x'"], [1.5, "1.5"], [{}, "<Object>"]];
  for (const [fileobj, text] of texts as [any, string][]) {
    assert.throws(() => selector.register(fileobj, select.EVENT_READ), {
      name: "RangeError",
      message: `Invalid file object: ${text}`,
    });
  }
});
