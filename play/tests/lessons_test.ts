// Each lesson runs unchanged and shows what its text says, in both languages. axe-core finds nothing serious in it, in
// either theme.

import axe from "axe-core";
import assert from "node:assert/strict";
import { LESSONS } from "../lessons/lessons.ts";
import { findings, outputs, run, Site } from "./_browser.ts";
import { EXPECTED } from "./expected.ts";

Deno.test("every lesson is expected, and no other", () => {
  assert.deepEqual(LESSONS.map(({ id }) => id).sort(), Object.keys(EXPECTED).sort());
});

for (const language of ["en", "zh"] as const) {
  Deno.test(`lessons in ${language}`, async (t) => {
    await using site = await Site.open();
    const { page, complaints, requests } = await site.visit("", { locale: language === "zh" ? "zh-CN" : "en-US" });
    await page.evaluate(axe.source);
    for (const lesson of LESSONS) {
      await t.step(lesson.id, async () => {
        const expected = EXPECTED[lesson.id];
        await page.evaluate((id) => location.hash = id, lesson.id);
        await page.locator("h1", { hasText: lesson.title[language] }).waitFor();
        assert.equal(await run(page), expected.end);
        const printed = await outputs(page);
        for (const [host, lines] of Object.entries(expected.lines)) {
          assert.equal(printed[host].length, lines.length, `${host}: ${printed[host].join("\n")}`);
          // Some lines depend on the language. For Chinese only their number is checked.
          if (language === "zh") continue;
          lines.forEach((line, place) => {
            if (typeof line === "string") assert.equal(printed[host][place], line);
            else assert.match(printed[host][place], line);
          });
        }
        if (language === "en") await expected.look?.(page);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          assert.deepEqual(await findings(page), [], `${language}, ${colorScheme}`);
        }
      });
    }
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests.filter((request) => !request.startsWith(site.address)), []);
  });
}
