// The reader's own programs: errors at their lines, endless loops, limits, input, and no access to the network.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { ending, outputs, run, Site } from "./_browser.ts";

let site: Site;
Deno.test.beforeAll(async () => {
  site = await Site.open();
});
Deno.test.afterAll(async () => await site[Symbol.asyncDispose]());

/** The error shown below a line of a host's editor: its text, and that of the line above it. */
async function shownError(page: Page, host: string): Promise<{ error: string; line: string }> {
  return await page.evaluate((host) => {
    const card = [...document.querySelectorAll(".program")].find((one) =>
      one.querySelector("h3")!.textContent === host
    )!;
    const error = card.querySelector(".cm-error-text")!;
    return { error: error.textContent!, line: error.previousElementSibling!.textContent! };
  }, host);
}

/** The text of the run's last state. */
const status = (page: Page) => page.locator(".status").textContent();

Deno.test("an error that a program throws is shown below its line", async () => {
  const { page, context } = await site.visitWith({
    client: `console.log("before");\n\nconst none = null;\nnone.length;\n`,
  });
  await run(page);
  const { error, line } = await shownError(page, "client");
  assert.match(error, /^TypeError: /);
  assert.equal(line, "none.length;");
  assert.equal((await outputs(page)).client[0], "before");
  assert.match((await outputs(page)).client[1], /^TypeError/);
  await context.close();
});

Deno.test("an error of a socket is shown below the await that it came out of", async () => {
  const { page, context } = await site.visitWith({
    server: `console.log("nothing listens here");\n`,
    client: `import * as socket from "@berkeley/socket";
const sk = socket.socket();
await sleep(1);
await sk.connect(
  ["server", 81],
);
`,
  });
  await run(page);
  const { error, line } = await shownError(page, "client");
  assert.match(error, /ConnectionRefusedError: \[Errno 111\] Connection refused/);
  assert.equal(line, "await sk.connect(");
  await context.close();
});

Deno.test("an error in a function that nothing waits for is shown below its line", async () => {
  const { page, context } = await site.visitWith({
    client:
      `later();\nawait sleep(3);\nconsole.log("goes on");\nasync function later() {\n  await sleep(1);\n  throw new Error("lost");\n}\n`,
  });
  await run(page);
  const { error, line } = await shownError(page, "client");
  assert.equal(error, "Error: lost");
  assert.match(line, /throw new Error/);
  assert.deepEqual((await outputs(page)).client.sort(), ["Error: lost", "goes on"]);
  await context.close();
});

Deno.test("a program whose grammar is broken is shown where it breaks, and the others run", async () => {
  const { page, context } = await site.visitWith({
    client: `const one = 1;\nconst two = = 2;\n`,
    other: `console.log("runs");\n`,
  });
  await run(page);
  const { error, line } = await shownError(page, "client");
  assert.match(error, /^SyntaxError/);
  assert.equal(line, "const two = = 2;");
  assert.deepEqual((await outputs(page)).other, ["runs"]);
  await context.close();
});

Deno.test("another module than the socket's is refused by name", async () => {
  const { page, context } = await site.visitWith({ client: `import fs from "node:fs";\n` });
  await run(page);
  assert.match((await outputs(page)).client[0], /only "@berkeley\/socket" can be imported here, not "node:fs"/);
  await context.close();
});

Deno.test("an error is gone when the text changes, and the next run is free of it", async () => {
  const { page, context } = await site.visitWith({ client: `nothing();\n` });
  await run(page);
  assert.equal(await page.locator(".cm-error-text").count(), 1);
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(`console.log("mended");`);
  assert.equal(await page.locator(".cm-error-text").count(), 0);
  await page.keyboard.press("Control+Enter");
  await ending(page);
  assert.deepEqual((await outputs(page)).client, ["mended"]);
  await context.close();
});

Deno.test("an endless loop leaves the page alive, and Stop ends it", async () => {
  const { page, context } = await site.visitWith({ client: `console.log("before");\nfor (;;);\n` });
  await page.locator("button.primary").click();
  await page.locator(".said", { hasText: "before" }).waitFor();
  // The page stays responsive meanwhile.
  await page.locator(".languages [data-language=zh]").click();
  await page.locator("h1", { hasText: "回显" }).waitFor();
  await page.locator("button.stop").click();
  assert.equal(await ending(page), "stopped");
  assert.deepEqual((await outputs(page)).client, ["before"]);
  assert.equal(await page.locator("button.primary").isEnabled(), true);
  await context.close();
});

Deno.test("an endless loop that is left alone is ended, and what was before it is kept", async () => {
  const { page, context } = await site.visitWith({
    server:
      `import * as socket from "@berkeley/socket";\nconst server = socket.create_server(["", 7]);\nconst [conn] = await server.accept();\nfor (;;);\n`,
    client: `import * as socket from "@berkeley/socket";\nawait socket.create_connection(["server", 7]);\n`,
  });
  assert.equal(await run(page), "silent");
  assert.match(await status(page) ?? "", /endless loop/);
  assert.ok(await page.locator(".rung").count() >= 3);
  await context.close();
});

Deno.test("a loop that awaits what is there already is ended too", async () => {
  const { page, context } = await site.visitWith({ client: `for (;;) await null;\n` });
  await page.locator("button.primary").click();
  await page.locator("button.stop").click();
  assert.equal(await ending(page), "stopped");
  await context.close();
});

Deno.test("output without end is ended", async () => {
  const { page, context } = await site.visitWith({ client: `for (;;) console.log("x");\n` });
  assert.equal(await run(page), "too many lines");
  assert.match(await status(page) ?? "", /2000 lines/);
  assert.equal((await outputs(page)).client.length, 2000);
  await context.close();
});

Deno.test("virtual time without end is ended", async () => {
  const { page, context } = await site.visitWith({ client: `for (;;) await sleep(10);\n` });
  assert.equal(await run(page), "too long");
  await context.close();
});

Deno.test("input() asks the reader, and the others go on meanwhile", async () => {
  const { page, context } = await site.visitWith({
    client: `const name = await input("name? ");\nconsole.log("hello", name);\n`,
    clock: `await sleep(0.2);\nconsole.log("tick");\n`,
  });
  await page.locator("button.primary").click();
  const box = page.getByLabel("client asks: name?");
  await box.waitFor();
  await page.locator(".said", { hasText: "tick" }).waitFor();
  assert.match(await status(page) ?? "", /waits for your input/);
  await box.fill("世界");
  await box.press("Enter");
  assert.equal(await ending(page), "ended");
  assert.deepEqual((await outputs(page)).client, ["name? 世界", "hello 世界"]);
  const time = await page.locator(".program", { hasText: "client" }).locator(".line .time").last().textContent();
  assert.ok(Number(time) >= 0.2, `it waited ${time} s`);
  await context.close();
});

Deno.test("Stop ends a run that waits for input, and keeps its trace", async () => {
  const { page, context } = await site.visitWith({ client: `console.log("asks");\nawait input("? ");\n` });
  await page.locator("button.primary").click();
  await page.getByLabel("client asks: ?").waitFor();
  await page.locator("button.stop").click();
  assert.equal(await ending(page), "stopped");
  assert.equal(await page.getByLabel("client asks: ?").isVisible(), false);
  await context.close();
});

Deno.test("a program reaches no network", async () => {
  let asked = 0;
  await using foreign = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    asked++;
    return new Response("export default 1", {
      headers: { "content-type": "text/javascript", "access-control-allow-origin": "*" },
    });
  });
  const address = `127.0.0.1:${foreign.addr.port}`;
  const { page, context, requests } = await site.visitWith({
    client: `async function attempt(name, work) {
  try {
    await work();
    console.log(name, "worked");
  } catch (error) {
    console.log(name, "failed");
  }
}
await attempt("fetch", () => fetch("http://${address}/"));
await attempt("import", () => import("http://${address}/x.js"));
await attempt("socket", () => new Promise((resolve, reject) => {
  const ws = new WebSocket("ws://${address}/");
  ws.onopen = resolve;
  ws.onerror = reject;
}));
await attempt("worker", () => new Promise((resolve, reject) => {
  const text = 'fetch("http://${address}/inner").then(() => postMessage(1), () => postMessage(0))';
  const worker = new Worker(URL.createObjectURL(new Blob([text])));
  worker.onmessage = ({ data }) => data === 1 ? resolve() : reject();
  worker.onerror = reject;
}));
`,
    // While a reader types, virtual time passes as fast as real time, so the attempts have their full time.
    other: `await input("? ");
`,
  });
  await page.locator("button.primary").click();
  await page.locator(".said", { hasText: "worker" }).waitFor();
  assert.deepEqual((await outputs(page)).client, ["fetch failed", "import failed", "socket failed", "worker failed"]);
  assert.equal(asked, 0);
  assert.deepEqual(requests.filter((request) => !request.startsWith(site.address)), []);
  await context.close();
});

Deno.test("the same seed gives the same run", async () => {
  const { page, context } = await site.visit("#lost-syn");
  await run(page);
  const first = await page.locator(".rung").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  await run(page);
  const second = await page.locator(".rung").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  assert.deepEqual(second, first);
  await page.locator("#setting-seed").fill("4");
  await run(page);
  const other = await page.locator(".rung").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  assert.notDeepEqual(other, first);
  await context.close();
});

Deno.test("latency, loss and bandwidth are the network's", async () => {
  const { page, context } = await site.visit("#echo");
  await page.locator("#setting-latency").fill("200");
  await run(page);
  assert.match(await status(page) ?? "", /ended: 1\.[45]\d\d s/);
  await page.locator("#setting-latency").fill("0");
  await page.locator("#setting-bandwidth").fill("0.1"); // 100 bytes a second: a SYN alone takes half a second
  await run(page);
  assert.match(await status(page) ?? "", /ended: [2-9]\.\d+ s/);
  await page.locator("#setting-bandwidth").fill("0");
  await page.locator("#setting-loss").fill("100");
  assert.notEqual(await run(page), "ended");
  await context.close();
});
