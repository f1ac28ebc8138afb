// The page itself: language, theme, links, keyboard, downloads, phones.

import axe from "axe-core";
import assert from "node:assert/strict";
import { findings, outputs, packets, run, Site } from "./_browser.ts";
import { LESSONS } from "../lessons/lessons.ts";

let site: Site;
Deno.test.beforeAll(async () => {
  site = await Site.open();
});
Deno.test.afterAll(async () => await site[Symbol.asyncDispose]());

Deno.test("axe finds a fault that is put there", async () => {
  const { page, context } = await site.visit();
  await page.evaluate(axe.source);
  assert.deepEqual(await findings(page), []);
  await page.evaluate(() => document.querySelector(".status")!.append(document.createElement("button")));
  assert.match((await findings(page))[0], /^button-name/);
  await context.close();
});

Deno.test("the language is switched in place and kept", async () => {
  const { page, context } = await site.visit("#udp");
  await run(page);
  assert.equal(await page.getAttribute("html", "lang"), "en");
  const before = await packets(page);
  await page.getByRole("button", { name: "中文" }).click();
  assert.equal(await page.getAttribute("html", "lang"), "zh-Hans");
  assert.equal(await page.locator("h1").textContent(), "一对 UDP 程序");
  assert.match(await page.title(), /套接字课堂/);
  assert.match(await page.locator(".cm-content").last().textContent() ?? "", /数据: /);
  // The run that was shown stays.
  assert.equal((await packets(page)).length, before.length);
  assert.equal((await outputs(page)).client[0], "data: hello");
  await page.reload();
  await page.waitForSelector("html[data-ready]");
  assert.equal(await page.locator("h1").textContent(), "一对 UDP 程序");
  await context.close();
});

Deno.test("an edited program keeps its text when the language changes", async () => {
  const { page, context } = await site.visit("#echo");
  await page.locator(".cm-content").last().click();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText("// mine");
  await page.getByRole("button", { name: "中文" }).click();
  assert.match(await page.locator(".cm-content").last().textContent() ?? "", /\/\/ mine$/);
  await page.getByRole("button", { name: "恢复原程序" }).click();
  assert.doesNotMatch(await page.locator(".cm-content").last().textContent() ?? "", /mine/);
  await context.close();
});

Deno.test("what was edited is there when the reader comes back to the lesson", async () => {
  const { page, context } = await site.visit("#echo");
  const editor = page.locator(".cm-content").last();
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText("// mine");
  await page.locator("#next").click();
  await page.locator("h1", { hasText: "Upper case" }).waitFor();
  assert.doesNotMatch(await editor.textContent() ?? "", /mine/);
  await page.locator("#previous").click();
  await page.locator("h1", { hasText: "Echo" }).waitFor();
  assert.match(await editor.textContent() ?? "", /\/\/ mine$/);
  await page.getByRole("button", { name: "Restore the programs" }).click();
  await page.locator("#next").click();
  await page.locator("h1", { hasText: "Upper case" }).waitFor();
  await page.locator("#previous").click();
  await page.locator("h1", { hasText: "Echo" }).waitFor();
  assert.doesNotMatch(await editor.textContent() ?? "", /mine/);
  await context.close();
});

Deno.test("a page without a choice follows the browser's language", async () => {
  const { page, context } = await site.visit("", { locale: "zh-CN" });
  assert.equal(await page.getAttribute("html", "lang"), "zh-Hans");
  await context.close();
});

Deno.test("the theme is chosen and kept", async () => {
  const { page, context } = await site.visit("", { colorScheme: "light" });
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await paper();
  await page.locator("#theme").click();
  assert.equal(await page.getAttribute("html", "data-theme"), "light");
  await page.locator("#theme").click();
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
  assert.notEqual(await paper(), light);
  await page.reload();
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
  await context.close();
});

Deno.test("a link carries programs and settings, and runs nothing by itself", async () => {
  const { page, context } = await site.visit("#loop");
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.locator("#setting-latency").fill("7");
  await page.locator("#typed-client").fill("你好\nexit");
  await page.locator(".cm-content").last().click();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText(`console.log("carried");`);
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByRole("button", { name: "Link copied" }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, page.url());
  await context.close();

  const other = await site.visit(new URL(link).hash);
  assert.equal(await other.page.locator("h1").textContent(), "The loop and exit");
  assert.match(await other.page.locator(".banner").textContent() ?? "", /nothing runs by itself/);
  assert.match(await other.page.locator(".cm-content").last().textContent() ?? "", /carried/);
  assert.equal(await other.page.locator("#setting-latency").inputValue(), "7");
  assert.equal(await other.page.locator("#typed-client").inputValue(), "你好\nexit");
  await other.page.waitForTimeout(300);
  assert.deepEqual((await outputs(other.page)).client, []);
  await run(other.page);
  assert.deepEqual((await outputs(other.page)).client, [">>: 你好", "recv: 你好", ">>: exit", "carried"]);
  assert.deepEqual(other.complaints, []);
  await other.context.close();
});

Deno.test("a damaged link shows the lesson as it stands, and says so", async () => {
  for (const rest of ["/AAAA", "/!!", "/eyJhIjoxfQ"]) {
    const { page, context, complaints } = await site.visit(`#udp${rest}`);
    assert.match(await page.locator(".banner").textContent() ?? "", /incomplete or damaged/);
    assert.equal(await page.locator("h1").textContent(), "The UDP pair");
    assert.deepEqual(complaints, []);
    await context.close();
  }
});

Deno.test("the lesson is read, run and looked at by keyboard alone", async () => {
  const { page, context } = await site.visit("#echo");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement!.id), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement!.id), "lesson-title");
  const reach = async (selector: string) => {
    for (let presses = 0; presses < 80; presses++) {
      if (await page.evaluate((wanted) => document.activeElement!.matches(wanted), selector)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`Tab never comes to ${selector}`);
  };
  await reach("button.primary");
  await page.keyboard.press("Enter");
  await page.locator(".workbench[data-end]").waitFor();
  // The editor does not keep the Tab key.
  await reach(".cm-content");
  await page.keyboard.press("Tab");
  await reach(".rung");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const chosen = page.locator(".rung[aria-selected=true]");
  assert.equal(await chosen.count(), 1);
  assert.equal(await chosen.evaluate((rung) => rung === document.activeElement), true);
  assert.match(await page.locator(".packet-details").textContent() ?? "", /Sequence\d/);
  await page.keyboard.press("End");
  await reach(".timeline input");
  await page.keyboard.press("Home");
  assert.equal(await page.locator(".timeline input").getAttribute("aria-valuetext"), "0.000 s");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator(".timeline input").getAttribute("aria-valuetext"), "0.020 s");
  await context.close();
});

Deno.test("the time that is chosen shows what was printed, where programs waited, what was under way", async () => {
  const { page, context } = await site.visit("#echo");
  await run(page);
  await page.getByRole("button", { name: "To the start" }).click();
  assert.deepEqual(await page.locator(".cm-waiting").allTextContents(), [
    "const [conn, address] = await server.accept();",
    `await client.connect(["server", 6969]);`,
  ]);
  assert.equal(await page.locator(".line.later").count(), 3);
  assert.equal(await page.locator(".ladder-svg .dot").count(), 1);
  assert.match(await page.locator(".sockets tbody").textContent() ?? "", /SYN-SENT/);
  await page.getByRole("button", { name: "To the end" }).click();
  assert.equal(await page.locator(".line.later").count(), 0);
  await context.close();
});

Deno.test("a packet tells its numbers and its payload as text and as bytes", async () => {
  const { page, context } = await site.visit("#upper");
  await run(page);
  await page.locator(".rung", { hasText: "世界" }).first().click();
  const details = await page.locator(".packet-details").textContent() ?? "";
  assert.match(details, /Length13 bytes/);
  assert.match(details, /世界,你好/);
  assert.match(details, /e4 b8 96 e7 95 8c 2c/);
  await context.close();
});

Deno.test("programs are downloaded as files that Deno runs", async () => {
  const { page, context } = await site.visit("#loop");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Programs (.zip)" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "loop.zip");
  const folder = await Deno.makeTempDir();
  await download.saveAs(`${folder}/loop.zip`);
  const unpacked = await new Deno.Command("python3", { args: ["-m", "zipfile", "-e", "loop.zip", "."], cwd: folder })
    .output();
  assert.equal(unpacked.success, true, new TextDecoder().decode(unpacked.stderr));
  // The module of this checkout replaces the published one.
  const config = JSON.parse(await Deno.readTextFile(`${folder}/deno.json`));
  assert.match(config.imports["@berkeley/socket"], /^jsr:@berkeley\/socket/);
  config.imports["@berkeley/socket"] = new URL("../../mod.ts", import.meta.url).href;
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
  const start = (name: string) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-net", name],
      cwd: folder,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      env: { NO_COLOR: "1" },
    }).spawn();
  const server = start("server.js");
  const heard = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("listening")) said += (await heard.read()).value ?? assert.fail("the server ended");
  const client = start("client.js");
  const typing = client.stdin.getWriter();
  await typing.write(new TextEncoder().encode("世界\nexit\n"));
  await typing.close();
  assert.match(new TextDecoder().decode((await client.output()).stdout), /recv: 世界/);
  for (let read = await heard.read(); !read.done; read = await heard.read()) said += read.value;
  await server.stdin.close();
  assert.equal((await server.status).code, 0);
  assert.match(said, /the client is gone/);
  await Deno.remove(folder, { recursive: true });
  await context.close();
});

Deno.test("the trace is downloaded as pcapng", async () => {
  const { page, context } = await site.visit("#echo");
  const button = page.getByRole("button", { name: "Packets (.pcapng)" });
  assert.equal(await button.isDisabled(), true);
  await run(page);
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  assert.equal(download.suggestedFilename(), "echo.pcapng");
  const path = await Deno.makeTempFile();
  await download.saveAs(path);
  const bytes = await Deno.readFile(path);
  assert.deepEqual([...bytes.subarray(0, 4)], [0x0a, 0x0d, 0x0d, 0x0a]);
  assert.ok(bytes.length > 500);
  await Deno.remove(path);
  await context.close();
});

Deno.test("the names of the module are completed", async () => {
  const { page, context } = await site.visit("#echo");
  await page.locator(".cm-content").last().click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\nsocket.create_");
  await page.locator(".cm-tooltip-autocomplete li", { hasText: "create_connection" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.type("server; client.sendal");
  await page.locator(".cm-tooltip-autocomplete li", { hasText: "sendall" }).waitFor();
  await context.close();
});

Deno.test("nothing sticks out of a phone's width", async () => {
  const { page, context } = await site.visit("", { viewport: { width: 360, height: 780 } });
  for (const { id } of LESSONS) {
    await page.evaluate((id) => location.hash = id, id);
    await page.locator(`nav a[href="#${id}"][aria-current]`).waitFor({ state: "attached" });
    await run(page);
    const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= window, `${id}: ${content} > ${window}`);
  }
  await context.close();
});
