// The parts of the page that do not need a browser.

import assert from "node:assert/strict";
import { analyse } from "../page/analyse.ts";
import { runnable } from "../page/download.ts";
import { heightAt, layOut } from "../page/layout.ts";
import { fromFragment, toFragment } from "../page/link.ts";
import type { Carried } from "../page/link.ts";
import { hexOf, kindOf, textOf } from "../page/packets.ts";
import { RunRecord } from "../page/record.ts";
import { zip } from "../page/zip.ts";
import { LESSONS } from "../lessons/lessons.ts";
import type { Packet } from "../protocol.ts";
import { formatAll } from "../worker/format.ts";
import { lineOf, Waits } from "../worker/waits.ts";

/** Applies the edits to a program as the Worker does. */
function edited(code: string): string {
  let text = "";
  let place = 0;
  for (const { from, to, by } of analyse(code).edits) {
    text += code.slice(place, from) + (typeof by === "string" ? by : `<${by.specifier}>`);
    place = to;
  }
  return text + code.slice(place);
}

Deno.test("analyse puts a probe around what is awaited", () => {
  assert.equal(edited("await f(1);"), "await $at(1,f(1));");
  assert.equal(edited("\nconst a = (await f(await g())).x;"), "\nconst a = (await $at(2,f(await $at(2,g())))).x;");
  assert.equal(edited("await /* why */ f();"), "await /* why */ $at(1,f());");
  assert.equal(edited("for await (const x of y.z()) f(x);"), "for await (const x of $each(1,y.z())) f(x);");
  assert.equal(edited("for (const x of y) f(x);"), "for (const x of y) f(x);");
  assert.equal(edited('"await f()"; // await g()'), '"await f()"; // await g()');
  assert.equal(edited("await (a, b);"), "await $at(1,(a, b));");
  assert.equal(edited("await await f();"), "await $at(1,await $at(1,f()));");
});

Deno.test("analyse finds imports, what is declared, and where the grammar breaks", () => {
  assert.equal(
    edited(`import * as s from "a";\nexport { x } from 'b';`),
    `import * as s from <a>;\nexport { x } from <b>;`,
  );
  const { declared } = analyse(
    "import { sleep as nap } from 'a'; const [b, { c }] = d; function e(f) { let g; } class h {} var i = (j) => j;",
  );
  assert.deepEqual(declared, ["nap", "b", "c", "e", "h", "i"]);
  assert.equal(analyse("a();\nb(;\nc();").brokenLine, 2);
  assert.equal(analyse("a();").brokenLine, undefined);
});

Deno.test("every lesson's programs can be analysed, in both languages, and their lines fit", () => {
  for (const { id, programs } of LESSONS) {
    for (const note of [(en: string) => en, (_: string, zh: string) => zh]) {
      for (const { code } of programs(note)) {
        assert.equal(analyse(code).brokenLine, undefined, id);
        for (const line of code.split("\n")) assert.ok(line.length <= 66, `${id}: ${line}`);
      }
    }
  }
});

Deno.test("every text of a lesson exists in both languages, and names the same calls", () => {
  const calls = (text: string) => [...new Set(text.match(/`[a-z_]+\(\)`/g) ?? [])].sort();
  for (const { id, title, text, question, answer } of LESSONS) {
    for (const { en, zh } of [title, text, question, answer]) {
      assert.ok(en.trim() !== "" && zh.trim() !== "", id);
      assert.ok(/[\u4e00-\u9fff]/.test(zh) && !/[\u4e00-\u9fff]/.test(title.en), id);
    }
    assert.deepEqual(calls(text.zh).filter((call) => !calls(text.en).includes(call)), [], id);
  }
});

Deno.test("a wait is told with its line and its time", async () => {
  let now = 0;
  const waits = new Waits(() => now);
  const { at, each } = waits.of("client");
  let resolve = (_: string) => {};
  const pending = at(3, new Promise<string>((done) => resolve = done)) as Promise<string>;
  assert.deepEqual(waits.open(), [{ host: "client", line: 3, from: 0, to: Infinity }]);
  now = 2;
  resolve("x");
  assert.equal(await pending, "x");
  assert.deepEqual(waits.take(), [{ host: "client", line: 3, from: 0, to: 2 }]);
  assert.deepEqual(waits.take(), []);
  // A value that is there at once causes no wait.
  assert.equal(at(4, 5), 5);
  await at(5, Promise.resolve());
  assert.deepEqual(waits.take(), []);
  const error = new Error("lost");
  await assert.rejects(at(6, Promise.reject(error)) as Promise<never>);
  assert.deepEqual(lineOf(error), { host: "client", line: 6 });
  const seen: number[] = [];
  for await (const item of each(7, [1, 2, 3]) as AsyncIterable<number>) {
    if (item === 3) break;
    seen.push(item);
  }
  assert.deepEqual(seen, [1, 2]);
});

Deno.test("each hands an early end on to its source", async () => {
  let ended = false;
  async function* source() {
    try {
      for (let n = 0;; n++) yield n;
    } finally {
      ended = true;
    }
  }
  const { each } = new Waits(() => 0).of("client");
  for await (const _ of each(1, source()) as AsyncIterable<number>) break;
  assert.equal(ended, true);
});

Deno.test("a link gives back what was put in", async () => {
  const carried: Carried = {
    programs: [{ host: "server", code: 'console.log("世界,你好");\n', typed: ["a", ""] }],
    settings: { latency: 0.5, loss: 0.25, bandwidth: 1000, seed: 7 },
  };
  const fragment = await toFragment("echo", carried);
  assert.match(fragment, /^#echo\/[\w-]+$/);
  assert.deepEqual(await fromFragment(fragment), { lesson: "echo", carried, damaged: false });
  assert.deepEqual(await fromFragment("#udp"), { lesson: "udp", carried: null, damaged: false });
  assert.deepEqual(await fromFragment(""), { lesson: "", carried: null, damaged: false });
});

Deno.test("a link that carries what the page cannot take is refused", async () => {
  const settings = { latency: 0, loss: 0, bandwidth: 0, seed: 1 };
  const program = { host: "a", code: "", typed: [] };
  for (
    const wrong of [
      {},
      { programs: [], settings },
      { programs: [{ ...program, host: "a b" }], settings },
      { programs: [program, program], settings },
      { programs: [{ ...program, code: 1 }], settings },
      { programs: [{ ...program, typed: [1] }], settings },
      { programs: Array.from({ length: 9 }, (_, n) => ({ ...program, host: `a${n}` })), settings },
      { programs: [program], settings: { ...settings, loss: 2 } },
      { programs: [program], settings: { ...settings, latency: -1 } },
      { programs: [program], settings: { ...settings, seed: 0.5 } },
      { programs: [program], settings: { ...settings, bandwidth: "fast" } },
      { programs: [{ ...program, code: "x".repeat(300_000) }], settings },
    ]
  ) {
    const fragment = await toFragment("echo", wrong as unknown as Carried).catch(() => "#echo/AAAA");
    assert.deepEqual(await fromFragment(fragment), { lesson: "echo", carried: null, damaged: true });
  }
});

Deno.test("a program for deno run has addresses for hosts, and its helpers", () => {
  const hosts = { running: ["server", "client"], silent: ["silent"] };
  assert.equal(runnable('connect(["server", 80]);\n', hosts), 'connect(["127.0.0.1", 80]);\n');
  assert.equal(runnable("connect([ 'silent' , 80])", hosts), 'connect(["192.0.2.1", 80])\n');
  // A host name is replaced only at the beginning of an address.
  assert.equal(runnable('f("server", ["other", 1]);\n', hosts), 'f("server", ["other", 1]);\n');
  assert.match(runnable("await sleep(1);\n", hosts), /\nfunction sleep\(seconds\)/);
  assert.match(runnable('await input("? ");\n', hosts), /\nasync function input\(/);
  assert.equal(runnable("const sleep = 1;\nsleep(2);\n", hosts), "const sleep = 1;\nsleep(2);\n");
});

Deno.test("a ZIP archive is one that others read", async () => {
  const path = await Deno.makeTempFile({ suffix: ".zip" });
  await Deno.writeFile(path, zip({ "a.txt": "hello\n", "世界.txt": "你好\n" }));
  const script = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n" +
    "print([(n, z.read(n).decode()) for n in z.namelist()])";
  const { stdout, stderr } = await new Deno.Command("python3", { args: ["-c", script, path] }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(new TextDecoder().decode(stdout).trim(), "[('a.txt', 'hello\\n'), ('世界.txt', '你好\\n')]");
  await Deno.remove(path);
});

function packet(values: Partial<Packet>): Packet {
  return {
    time: 0,
    arrival: 0.02,
    from: "a",
    to: "b",
    source: "",
    destination: "",
    protocol: "TCP",
    flags: ["ACK"],
    seq: 0,
    ack: 0,
    window: 0,
    data: new Uint8Array(),
    fate: "delivered",
    retransmission: false,
    note: "",
    ...values,
  };
}

Deno.test("a ladder's arrows point downwards, in the order of time, and none lies on another", () => {
  const packets = [
    packet({ time: 0, arrival: 0.02 }),
    packet({ time: 0, arrival: 0.02 }),
    packet({ time: 0.02, arrival: 0.04, from: "b", to: "a" }),
    packet({ time: 0.02, arrival: null, fate: "lost", from: "b", to: "a" }),
    packet({ time: 5, arrival: 5 }),
  ];
  const { rungs, pauses, ticks, height } = layOut(packets);
  for (const { sent, there } of rungs) assert.ok(there > sent && there < height);
  assert.ok(rungs[1].sent >= rungs[0].sent + 14 && rungs[1].there >= rungs[0].there + 14);
  assert.ok(rungs[2].sent > rungs[1].there, "the answer leaves below what it answers");
  assert.equal(pauses.length, 1);
  assert.ok(Math.abs(pauses[0].seconds - 4.96) < 1e-9);
  // An idle hour takes no more height than an idle second.
  assert.ok(rungs[4].sent - rungs[2].there < 100);
  const heights = [0, 0.01, 0.02, 0.03, 1, 5, 9].map((time) => heightAt(ticks, time));
  assert.deepEqual(heights, [...heights].sort((a, b) => a - b));
});

Deno.test("packets that overtake each other cross", () => {
  const { rungs: [first, second] } = layOut([
    packet({ time: 0, arrival: 0.1 }),
    packet({ time: 0.01, arrival: 0.05 }),
  ]);
  assert.ok(first.sent < second.sent && first.there > second.there);
});

Deno.test("a packet's kind, text and bytes", () => {
  assert.equal(kindOf(packet({ flags: ["SYN", "ACK"] })), "syn");
  assert.equal(kindOf(packet({ flags: ["RST", "ACK"] })), "rst");
  assert.equal(kindOf(packet({ data: Uint8Array.of(1) })), "data");
  assert.equal(kindOf(packet({ protocol: "UDP" })), "udp");
  const data = new TextEncoder().encode("世a\n\0");
  assert.equal(textOf(data), "世a⏎·");
  assert.equal(textOf(data.subarray(0, 2)), "·");
  assert.equal(hexOf(data), `0000  ${"e4 b8 96 61 0a 00".padEnd(47)}  ···a··`);
});

Deno.test("a record knows the sockets and the waits of a time", () => {
  const record = new RunRecord();
  const row = { host: "a", id: "1", protocol: "tcp" as const, received: 0, sent: 0, local: "", peer: "" };
  record.moments.push({ time: 1, sockets: [{ ...row, state: "LISTEN" }] }, { time: 3, sockets: [] });
  record.waits.push({ host: "a", line: 2, from: 1, to: 3 }, { host: "a", line: 9, from: 3, to: Infinity });
  record.packets.push(packet({ time: 2, arrival: 2.5 }), packet({ time: 2, arrival: null, fate: "lost" }));
  assert.deepEqual(record.times, [0, 1, 2, 2.5, 3]);
  assert.deepEqual([0, 1, 2.9, 3].map((time) => record.socketsAt(time).length), [0, 1, 1, 0]);
  assert.deepEqual([0, 1, 2.9, 3].map((time) => record.waitsAt("a", time)), [[], [2], [2], [9]]);
});

Deno.test("console.log writes values as Deno does", () => {
  const values = [
    "text",
    1,
    null,
    undefined,
    true,
    5n,
    ["a", 1],
    { a: { b: "c" } },
    new Uint8Array([1, 2]),
    new Map([[1, "x"]]),
  ];
  assert.equal(
    formatAll(values),
    'text 1 null undefined true 5n [ "a", 1 ] { a: { b: "c" } } Uint8Array(2) [ 1, 2 ] Map(1) { 1 => "x" }',
  );
  assert.equal(formatAll([new TypeError("x")]), "TypeError: x");
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  assert.equal(formatAll([circle]), "{ self: [Circular] }");
});
