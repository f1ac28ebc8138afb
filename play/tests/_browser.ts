// Opens the built page in Debian's Chromium.

import { chromium } from "playwright-core";
import type { Browser, BrowserContext, BrowserContextOptions, Page, Request } from "playwright-core";
import { build } from "../build.ts";
import { serve } from "../serve.ts";
import { toFragment } from "../page/link.ts";
import type { Carried } from "../page/link.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const CHROMIUM = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";
/** The time limit. It is long enough for a busy machine. */
const PATIENCE_MS = 60_000;

/** An open page, and its messages and requests. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  /** Console messages and uncaught errors. */
  complaints: string[];
  /** Network requests, without blobs, data URLs and what the page's policy refused. */
  requests: string[];
}

export class Site {
  readonly address: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #browser: Browser;
  readonly #folder: string | undefined;

  private constructor(server: Deno.HttpServer<Deno.NetAddr>, browser: Browser, folder: string | undefined) {
    this.#server = server;
    this.#browser = browser;
    this.#folder = folder;
    this.address = `http://127.0.0.1:${server.addr.port}/`;
  }

  /** Builds the page into a temporary folder (or uses PLAY_DIST), serves it and starts the browser. */
  static async open(): Promise<Site> {
    const given = Deno.env.get("PLAY_DIST");
    const folder = given ?? await Deno.makeTempDir({ prefix: "play" });
    if (given === undefined) await build({ outdir: folder });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    return new Site(serve(folder), browser, given === undefined ? folder : undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.#server.shutdown();
    if (this.#folder !== undefined) await Deno.remove(this.#folder, { recursive: true });
  }

  /** Opens the page as a new reader. */
  async visit(fragment = "", options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await this.#browser.newContext({
      locale: "en-US",
      viewport: { width: 1300, height: 900 },
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
    const note = (request: Request) => {
      if (!/^(blob|data):/.test(request.url()) && request.failure()?.errorText !== "csp") requests.push(request.url());
    };
    context.on("requestfinished", note);
    context.on("requestfailed", note);
    await page.goto(this.address + fragment);
    await page.waitForSelector("html[data-ready]");
    return { page, context, complaints, requests };
  }

  /** Opens the page by a link that carries programs. */
  async visitWith(programs: Record<string, string>, more: Partial<Carried> = {}, lesson = "echo"): Promise<Visit> {
    const carried: Carried = {
      programs: Object.entries(programs).map(([host, code]) => ({ host, code, typed: [] })),
      settings: { latency: 0.02, loss: 0, bandwidth: 0, seed: 1 },
      ...more,
    };
    return await this.visit(await toFragment(lesson, carried));
  }
}

/** Presses Run and waits until the run is over. Returns how it ended. */
export async function run(page: Page): Promise<string> {
  await page.locator("button.primary").click();
  return await ending(page);
}

/** Waits until a run is over. */
export async function ending(page: Page): Promise<string> {
  const bench = page.locator(".workbench[data-end]");
  await bench.waitFor();
  const end = await bench.getAttribute("data-end");
  // The views draw with the next frame.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  return end!;
}

/** The lines that each host's program printed, without the times. */
export async function outputs(page: Page): Promise<Record<string, string[]>> {
  return await page.evaluate(() => {
    const all: Record<string, string[]> = {};
    for (const card of document.querySelectorAll(".program")) {
      const lines = [...card.querySelectorAll(".output .said")].map((line) => line.textContent ?? "");
      all[card.querySelector("h3")!.textContent!] = lines;
    }
    return all;
  });
}

/** The packets as the text for screen readers. */
export async function packets(page: Page): Promise<string[]> {
  return await page.locator(".rung").evaluateAll((rungs) => rungs.map((rung) => rung.getAttribute("aria-label") ?? ""));
}

/** The rows of the socket table at each event, with cells joined by blanks. */
export async function socketsOverTime(page: Page): Promise<{ time: string; rows: string[] }[]> {
  return await page.evaluate(() => {
    const slider = document.querySelector<HTMLInputElement>(".timeline input")!;
    const steps: { time: string; rows: string[] }[] = [];
    for (let place = 0; place <= Number(slider.max); place++) {
      slider.value = String(place);
      slider.dispatchEvent(new Event("input"));
      const rows = [...document.querySelectorAll(".sockets tbody tr")].map((row) =>
        [...row.children].map((cell) => cell.textContent).join(" ")
      );
      steps.push({ time: slider.getAttribute("aria-valuetext")!, rows });
    }
    return steps;
  });
}

/** The serious and critical findings of axe-core, each with its elements. */
export async function findings(page: Page): Promise<string[]> {
  const results = await page.evaluate(async () => {
    const { violations } = await (globalThis as any).axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, impact, nodes }: any) => ({
      id,
      impact,
      targets: nodes.map((node: any) => `${node.target} ${node.failureSummary}`),
    }));
  });
  return results
    .filter(({ impact }: any) => impact === "serious" || impact === "critical")
    .map(({ id, targets }: any) => `${id}: ${targets.slice(0, 3).join("\n")}`);
}
