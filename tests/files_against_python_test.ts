// makefile compared with CPython's: the same packets and the same calls, here and in python3.

import assert from "node:assert/strict";
import { errorFor, timedOut, TimeoutError } from "../base/errors.ts";
import { makeFile } from "../core/files.ts";
import { realRuntime } from "../deno/runtime.ts";
import type { FileSocket, MakefileOptions } from "../core/files.ts";
import { pythonTest, runPython } from "./_helpers.ts";

/** A socket that receives the packets of a script, and keeps what it is sent. */
class Scripted implements FileSocket {
  readonly script: (Uint8Array | Error)[];
  sent: number[] = [];
  released = 0;

  constructor(...script: (string | Uint8Array | Error)[]) {
    this.script = script.map((step) => typeof step === "string" ? new TextEncoder().encode(step) : step);
  }

  fileno(): number {
    return 7;
  }

  recv_into(buffer: Uint8Array<ArrayBuffer>): Promise<number> {
    const step = this.script.shift();
    if (step === undefined) return Promise.resolve(0);
    if (step instanceof Error) return Promise.reject(step);
    const taken = Math.min(step.length, buffer.length);
    buffer.set(step.subarray(0, taken));
    if (taken < step.length) this.script.unshift(step.subarray(taken));
    return Promise.resolve(taken);
  }

  /** Takes up to 1000 bytes at a time, or none if the script says so. */
  send(data: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.script[0] instanceof Error) return Promise.reject(this.script.shift());
    const taken = data.subarray(0, 1000);
    this.sent.push(...taken);
    return Promise.resolve(taken.length);
  }

  file<const M extends string, const O extends MakefileOptions>(mode: M, options?: O) {
    return makeFile(this, mode, options, realRuntime.turns, () => this.released++);
  }
}

const busy = () => errorFor("EAGAIN");

// CPython's side: its own makefile over a socket that follows the same script.
const JUDGE = `
import io, json, socket, sys
class Scripted:
    _io_refs = 0
    _closed = False
    def __init__(self, packets): self.packets, self.sent = packets, b""
    def recv_into(self, b):
        if not self.packets: return 0
        p = self.packets.pop(0)
        if p is None: raise BlockingIOError(11, "busy")
        n = min(len(p), len(b))
        b[:n] = p[:n]
        if n < len(p): self.packets.insert(0, p[n:])
        return n
    def send(self, b):
        b = bytes(b[:1000])
        self.sent += b
        return len(b)
    def fileno(self): return 7
    def _decref_socketios(self): pass
def plain(x):
    if isinstance(x, (bytes, bytearray, memoryview)): return ["bytes", *bytes(x)]
    if isinstance(x, (list, tuple)): return [plain(y) for y in x]
    return x
def call(f, name, *args):
    if name.startswith("readinto"):
        b = bytearray(args[0]); n = getattr(f, name)(b)
        return n, b
    return getattr(f, name)(*args)
answers = []
for case in json.load(sys.stdin):
    data = bytes(case["bytes"]) if "bytes" in case else case["text"].encode(case["encoding"])
    packets, at = [], 0
    for cut in case["cuts"]:
        if cut == 0:
            packets.append(None); continue
        if data[at:at + cut]: packets.append(data[at:at + cut])
        at += cut
    if data[at:]: packets.append(data[at:])
    answer = {"packets": plain(packets)}
    s = Scripted(list(packets))
    o = {k: case[k] for k in ("encoding", "errors", "newline") if "b" not in case["mode"] and k in case}
    f = socket.socket.makefile(s, case["mode"], case["buffering"], **o)
    answer["results"] = [[plain(call(f, *c)), plain(getattr(f, "newlines", None))] for c in case["calls"]]
    f.close()
    answer["sent"] = list(s.sent)
    answers.append(answer)
json.dump(answers, sys.stdout)
`;

interface Case extends MakefileOptions {
  mode: string;
  buffering: number;
  text?: string;
  bytes?: number[];
  cuts: number[];
  calls: [string, ...(number | string | string[])[]][];
}

interface Answer {
  packets: (null | ["bytes", ...number[]])[];
  results: [unknown, unknown][];
  sent: number[];
}

/** A small generator of random numbers, so that a failure can be run again. */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return ["bytes", ...value];
  return Array.isArray(value) ? value.map(plain) : value;
}

async function call(file: any, [name, ...args]: Case["calls"][number]): Promise<unknown> {
  if (!name.startsWith("readinto")) return await file[name](...args) ?? null;
  const buffer = new Uint8Array(args[0] as number);
  return [await file[name](buffer), buffer];
}

/** Runs the cases here and in CPython, and compares all answers. */
async function compare(cases: Case[]): Promise<void> {
  await using judge = runPython(JUDGE);
  await judge.write(JSON.stringify(cases));
  const { code, stdout, stderr } = await judge.end();
  assert.equal(code, 0, stderr);
  const answers: Answer[] = JSON.parse(stdout);
  for (const [i, kase] of cases.entries()) {
    const expected = answers[i];
    const sk = new Scripted(
      ...expected.packets.map((p) => p === null ? busy() : Uint8Array.from(p.slice(1) as number[])),
    );
    const { mode, buffering, encoding, errors, newline } = kase;
    const file = sk.file(mode, { buffering, encoding, errors, newline });
    for (const [j, one] of kase.calls.entries()) {
      let [result, newlines] = expected.results[j];
      const mine = plain(await call(file, one));
      // For a call that would block, CPython's buffered files return an empty result and this module returns null.
      if (mine === null && (Array.isArray(result) ? result.length < 2 : result === "")) result = null;
      const where = `case ${i}, call ${j} of ${JSON.stringify({ ...kase, packets: expected.packets })}`;
      assert.deepEqual([mine, file.newlines ?? null], [result, newlines], where);
    }
    await file.close();
    assert.deepEqual(sk.sent, expected.sent, `case ${i}: ${JSON.stringify(kase)}`);
  }
}

const ALPHABETS: Record<string, string> = {
  "utf-8": "ab\n\r\n\ré€😀\u2028\ufeff\ufffd\0",
  "utf-8-sig": "ab\n\ré😀",
  "utf-16": "ab\n\ré€😀\u0a0d",
  "utf-16-le": "ab\n\r😀\u0a0d\u0d0a",
  "utf-16-be": "ab\n\r😀\u0a0d\u0d0a",
  "latin-1": "ab\n\r\n\ré\u0085\u0080",
  "ascii": "abc\n\r\n",
  "cp1252": "ab\n\r€é",
  "koi8-r": "ab\n\rжЯ",
  "iso8859-15": "ab\n\r€",
  "shift_jis": "ab\n\r漢字ｱ",
  "gbk": "ab\n\r汉字",
  "euc_jp": "ab\n\r漢字",
  "euc_kr": "ab\n\r한국",
  "big5": "ab\n\r漢字",
};
const NEWLINES = [null, "", "\n", "\r", "\r\n"];

pythonTest("text: random packets, calls, encodings and line ends read as in CPython", async () => {
  const below = random(1);
  const cases: Case[] = [];
  for (let i = 0; i < 1500; i++) {
    const encoding = i % 3 === 0 ? "utf-8" : Object.keys(ALPHABETS)[below(Object.keys(ALPHABETS).length)];
    const letters = [...ALPHABETS[encoding]];
    const calls = Array.from({ length: 12 }, (): Case["calls"][number] => {
      const kind = below(12);
      if (kind < 3) return ["readline"];
      if (kind < 6) return ["readline", 1 + below(7)];
      if (kind < 10) return ["read", below(8)];
      return kind < 11 ? ["readlines", 1 + below(10)] : below(4) ? ["read", 3] : ["readlines"];
    });
    cases.push({
      mode: ["r", "rw"][below(2)],
      buffering: [-1, 2, 10][below(3)],
      encoding,
      newline: NEWLINES[below(5)],
      text: Array.from({ length: below(60) }, () => letters[below(letters.length)]).join(""),
      cuts: Array.from({ length: below(20) }, () => 1 + below(6)),
      calls: [...calls, ["read"], ["read"]],
    });
  }
  await compare(cases);
});

pythonTest("text: wrong bytes are ignored or replaced as in CPython", async () => {
  const below = random(2);
  const bytes = [0x61, 0x0a, 0x0d, 0xef, 0xbf, 0xbd, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80, 0xff, 0xa0, 0xe0, 0xf4];
  const cases = Array.from({ length: 800 }, (): Case => ({
    mode: "r",
    buffering: -1,
    encoding: ["utf-8", "utf-8", "ascii", "latin-1"][below(4)],
    errors: ["ignore", "replace"][below(2)],
    newline: NEWLINES[below(5)],
    bytes: Array.from({ length: below(30) }, () => bytes[below(bytes.length)]),
    cuts: Array.from({ length: below(20) }, () => 1 + below(3)),
    calls: [["readline"], ["read", 2], ["readline", 3], ["read"]],
  }));
  for (const errors of ["ignore", "replace"]) {
    // A surrogate pair: CPython keeps back its first half at the end of a packet, which depends on the moment of the
    // next read.
    cases.push({
      mode: "r",
      buffering: -1,
      errors,
      bytes: [0x61, 0xed, 0xa0, 0x80, 0x62],
      cuts: [],
      calls: [["read"]],
    });
  }
  await compare(cases);
});

pythonTest("text: wrong units of UTF-16 are ignored or replaced as in CPython, and a U+FFFD is kept", async () => {
  const below = random(6);
  const bytes = [0x61, 0x0a, 0x0d, 0x00, 0x00, 0x00, 0xd8, 0xdb, 0xdc, 0xfd, 0xff, 0xfe];
  await compare(Array.from({ length: 800 }, (): Case => ({
    mode: "r",
    buffering: -1,
    encoding: ["utf-16-le", "utf-16-be"][below(2)],
    errors: ["ignore", "replace"][below(2)],
    newline: NEWLINES[below(5)],
    bytes: Array.from({ length: below(30) }, () => bytes[below(bytes.length)]),
    cuts: Array.from({ length: below(20) }, () => 1 + below(3)),
    calls: [["readline"], ["read", 2], ["readline", 3], ["read"]],
  })));
});

pythonTest("bytes: random packets, calls and buffer sizes read as in CPython", async () => {
  const below = random(3);
  const cases: Case[] = [];
  for (let i = 0; i < 1000; i++) {
    const buffering = [-1, 0, 1, 3, 16][below(5)];
    const names = buffering === -1
      ? ["read", "read1", "readinto", "readinto1", "peek", "readline", "readlines"]
      : buffering === 0
      ? ["read", "readinto", "readline", "readlines", "readall"]
      : ["read", "readinto", "readline", "readlines"];
    const mode = ["rb", "rwb", "b"][below(3)];
    // If a readline would have to wait, CPython's SocketIO and BufferedRWPair lose their data in an error. And
    // BufferedRWPair's readline returns more than its limit.
    const mayWait = buffering !== 0 && mode !== "rwb";
    cases.push({
      mode,
      buffering,
      bytes: Array.from({ length: below(60) }, () => below(3) ? 97 + below(26) : 10),
      cuts: Array.from({ length: below(20) }, () => (below(5) || !mayWait ? 1 + below(6) : 0)),
      calls: Array.from({ length: 12 }, (): Case["calls"][number] => {
        const name = names[below(names.length)];
        if (name === "readall") return [name];
        if (name.startsWith("readinto")) return [name, below(8)];
        if (name === "readlines") return [name, 1 + below(12)];
        if (name === "readline" && mode === "rwb") return [name];
        return below(8) || name === "read1" ? [name, below(9)] : [name];
      }),
    });
  }
  await compare(cases);
});

pythonTest("written data arrives as from CPython", async () => {
  const below = random(4);
  const cases: Case[] = [];
  for (let i = 0; i < 600; i++) {
    const encoding = Object.keys(ALPHABETS)[below(Object.keys(ALPHABETS).length)];
    const letters = [...ALPHABETS[encoding]];
    const text = (most: number) => Array.from({ length: below(most) }, () => letters[below(letters.length)]).join("");
    cases.push({
      mode: ["w", "rw"][below(2)],
      buffering: [-1, 1, 5][below(3)],
      encoding,
      newline: NEWLINES[below(5)],
      text: "",
      cuts: [],
      calls: Array.from({ length: 6 }, (): Case["calls"][number] => {
        if (below(4) === 0) return ["flush"];
        return below(2) ? ["write", text(i % 20 ? 10 : 9000)] : ["writelines", [text(8), text(8)]];
      }),
    });
  }
  for (const errors of ["ignore", "replace"]) {
    for (const encoding of ["ascii", "latin-1", "cp1252", "shift_jis"]) {
      cases.push({
        mode: "w",
        buffering: -1,
        encoding,
        errors,
        text: "",
        cuts: [],
        calls: [["write", "a\u20ac😀é漢z"]],
      });
    }
  }
  // A call without a result returns None in Python and undefined here.
  await compare(cases);
});

Deno.test("after a timeout at any moment the next call continues without a loss", async () => {
  const below = random(5);
  for (let i = 0; i < 500; i++) {
    const mode = ["r", "rb"][below(2)];
    const options = { buffering: mode === "r" ? -1 : below(3) - 1, newline: NEWLINES[below(5)] };
    const letters = [..."ab\n\r\né😀"];
    const bytes = new TextEncoder().encode(Array.from({ length: 40 }, () => letters[below(letters.length)]).join(""));
    const packets: (Uint8Array | Error)[] = [];
    for (let at = 0; at < bytes.length;) packets.push(bytes.slice(at, at += 1 + below(5)));
    const calls = Array.from({ length: 8 }, (): Case["calls"][number] => {
      // An unbuffered read is one receive, so its result depends on the moment.
      const name = ["readline", "readlines", "read"][below(options.buffering === 0 ? 2 : 3)];
      return name === "readlines" ? [name, 1 + below(8)] : [name, 1 + below(6)];
    });
    calls.push(["read"], ["read"]);
    const smooth = new Scripted(...packets).file(mode, options);
    const rough = new Scripted(...packets.flatMap((p) => below(2) ? [timedOut(), p] : [p])).file(mode, options);
    for (const one of calls) {
      const expected = await call(smooth, one);
      for (;;) {
        try {
          assert.deepEqual(await call(rough, one), expected, `case ${i}: ${JSON.stringify({ mode, options, calls })}`);
          break;
        } catch (error) {
          if (!(error instanceof TimeoutError)) throw error;
        }
      }
    }
    await smooth.close();
    await rough.close();
  }
});

Deno.test("a file that fails releases its socket once, and a refused file does not use it", async () => {
  const sk = new Scripted();
  assert.throws(() => sk.file("r", { newline: "x" }), RangeError);
  assert.equal(sk.released, 0);
  const file = sk.file("wb");
  await file.write("x");
  sk.script.push(errorFor("EPIPE"));
  await assert.rejects(file.close(), /Broken pipe/);
  await file.close();
  assert.equal(sk.released, 1);
});
