// Takes docs/play.png, README's picture of the page. The one in the repository was reduced to 256 colours.
//
//   deno run -A picture.ts

import { run, Site } from "./tests/_browser.ts";

await using site = await Site.open();
const { page } = await site.visit("#upper", { viewport: { width: 1280, height: 900 }, colorScheme: "light" });
await run(page);
await page.evaluate(() => {
  const { top } = document.querySelector(".run-bar")!.getBoundingClientRect();
  scrollTo(0, top + scrollY - 10);
  const slider = document.querySelector<HTMLInputElement>(".timeline input")!;
  slider.value = String(Math.round(Number(slider.max) * 0.5));
  slider.dispatchEvent(new Event("input"));
});
await page.locator(".rung", { hasText: "世界" }).first().dispatchEvent("click");
// Elements that appear later fade in.
await page.waitForTimeout(500);
const path = decodeURIComponent(new URL("../docs/play.png", import.meta.url).pathname);
await page.screenshot({ path });
