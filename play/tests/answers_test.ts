// Checks the answers to the questions of the lessons: the change that a question asks for is made and run.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { LESSONS } from "../lessons/lessons.ts";
import { USUAL } from "../lessons/lesson.ts";
import type { Settings } from "../protocol.ts";
import { outputs, packets, run, Site } from "./_browser.ts";
import { toFragment } from "../page/link.ts";

let site: Site;
Deno.test.beforeAll(async () => {
  site = await Site.open();
});
Deno.test.afterAll(async () => await site[Symbol.asyncDispose]());

interface Change {
  /** For each host, the pieces of its program that are replaced, and their replacements. */
  code?: Record<string, [string, string][]>;
  typed?: Record<string, string[]>;
  settings?: Partial<Settings>;
}

/** Runs a lesson with changes, and passes the page on. */
async function tried(
  id: string,
  { code = {}, typed = {}, settings }: Change,
  look: (page: Page, end: string) => Promise<void>,
): Promise<void> {
  const lesson = LESSONS.find((one) => one.id === id)!;
  const programs = lesson.programs((en) => en).map((program) => {
    let text = program.code;
    for (const [from, to] of code[program.host] ?? []) {
      assert.ok(text.includes(from), `${id} ${program.host}: ${from}`);
      text = text.replace(from, () => to);
    }
    return { host: program.host, code: text, typed: typed[program.host] ?? program.typed ?? [] };
  });
  const fragment = await toFragment(id, { programs, settings: { ...USUAL, ...lesson.settings, ...settings } });
  const { page, context } = await site.visit(fragment);
  const end = await run(page);
  await look(page, end);
  await context.close();
}

Deno.test("upper: one decoder for the whole conversation keeps cut characters", () =>
  tried("upper", {
    code: {
      client: [
        [
          `console.log("part:", new TextDecoder().decode(part));`,
          `const decoder = new TextDecoder();\nconsole.log("part:", decoder.decode(part, { stream: true }));`,
        ],
        [`new TextDecoder().decode(rest)`, `decoder.decode(rest, { stream: true })`],
      ],
    },
  }, async (page) => {
    assert.deepEqual((await outputs(page)).client.slice(-2), ["part: 世", "rest: 界,你好"]);
  }));

Deno.test("loop: an empty line is no message, and both sides wait", () =>
  tried("loop", { typed: { client: ["hello", "", "exit"] } }, async (page, end) => {
    assert.equal(end, "waiting");
    assert.deepEqual((await outputs(page)).client, [">>: hello", "recv: HELLO", ">>: "]);
    assert.match(await page.locator(".status").textContent() ?? "", /server waits.*client waits/);
  }));

Deno.test("select: with a timeout it answers empty lists", () =>
  tried("select", {
    code: {
      server: [["select(sockets, [], [])", "select(sockets, [], [], 0.4)"], [
        "  for (const sk",
        "  console.log(readable.length);\n  for (const sk",
      ]],
    },
  }, async (page, end) => {
    assert.equal(end, "too long");
    assert.ok((await outputs(page)).server.includes("0"));
  }));

Deno.test("udp: a client whose datagram is lost waits for ever", () =>
  tried("udp", { settings: { loss: 1 } }, async (page, end) => {
    assert.equal(end, "waiting");
    assert.match(await page.locator(".status").textContent() ?? "", /client waits at line 8/);
    assert.equal((await packets(page)).length, 1);
  }));

Deno.test("robot: what recv(10) leaves is taken for the next answer", () =>
  tried("robot", { code: { client: [["recv(1024)", "recv(10)"]] } }, async (page) => {
    const [first, , second] = (await outputs(page)).client;
    assert.equal(first, "receive: 欢迎致�");
    assert.equal(second, "receive: �� 10086,�");
  }));

Deno.test("connect_ex: a refused attempt is writable, and SO_ERROR tells", () =>
  tried("connect_ex", {
    code: {
      client: [[
        `sk.setblocking(false);\nresult = await sk.connect_ex(["server", 6969])`,
        `sk.setblocking(false);\nresult = await sk.connect_ex(["server", 81])`,
      ]],
    },
  }, async (page) => {
    assert.deepEqual((await outputs(page)).client.slice(-2), ["non-blocking: 115", "then: 111"]);
  }));

Deno.test("half-close: an answer to a closed client is reset", () =>
  tried("half-close", {
    code: {
      client: [
        ["await sk.shutdown(socket.SHUT_WR); // no more from this side", "sk.close();"],
        [
          `const sum = await sk.recv(1024);\nconsole.log("sum:", new TextDecoder().decode(sum));\nconsole.log("then", (await sk.recv(1024)).length, "bytes");\n`,
          "",
        ],
      ],
    },
  }, async (page) => {
    const all = await packets(page);
    const answer = all.findIndex((packet) => /server to client: “42”/.test(packet));
    assert.ok(answer > 0);
    assert.ok(all.slice(answer).some((packet) => /client to server: RST/.test(packet)), all.join("\n"));
  }));

Deno.test("lost-syn: a lost word costs 200 ms and more, with a SYN that arrived", () =>
  tried("lost-syn", { settings: { seed: 25 } }, async (page) => {
    const [connect, ...words] = (await outputs(page)).client;
    assert.equal(connect, "connect took 40 ms");
    assert.ok(words.some((line) => Number(/(\d+) ms/.exec(line)![1]) > 200));
  }));

Deno.test("borders: with pauses between the messages the first receive gets one", () =>
  tried("borders", {
    code: {
      server1: [["await sleep(0.5);\n", ""]],
      client: [[
        "for (const word of words) await sk.sendall(word);",
        "for (const word of words) {\n  await sk.sendall(word);\n  await sleep(0.1);\n}",
      ]],
    },
  }, async (page) => {
    assert.deepEqual((await outputs(page)).server1, ["one"]);
  }));
