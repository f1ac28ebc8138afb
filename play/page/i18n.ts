// The language of the page, English or Chinese. A switch changes the texts in place and is kept.

import { kept } from "./dom.ts";
import { TEXTS } from "./texts.ts";

export type Language = "en" | "zh";

/** A text in both languages. */
export interface Both {
  en: string;
  zh: string;
}

export type TextName = keyof typeof TEXTS;

const listeners: (() => void)[] = [];
let current: Language = kept.get("language") === "zh" || kept.get("language") === "en"
  ? kept.get("language") as Language
  : navigator.language.toLowerCase().startsWith("zh")
  ? "zh"
  : "en";

export function language(): Language {
  return current;
}

/** A text of the page. Each `{name}` is replaced by a value. */
export function t(name: TextName, values: Record<string, string | number> = {}): string {
  return TEXTS[name][current].replace(/\{(\w+)\}/g, (whole, key) => key in values ? String(values[key]) : whole);
}

/** Calls a function after each switch. */
export function onLanguage(listener: () => void): void {
  listeners.push(listener);
}

/**
 * Writes all texts that the attributes `data-t` (text), `data-t-label` (aria-label) and `data-t-title` (title) name.
 */
export function translate(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-t], [data-t-label], [data-t-title]")) {
    const { t: text, tLabel, tTitle } = element.dataset;
    if (text !== undefined) element.textContent = t(text as TextName);
    if (tLabel !== undefined) element.setAttribute("aria-label", t(tLabel as TextName));
    if (tTitle !== undefined) element.title = t(tTitle as TextName);
  }
}

export function setLanguage(chosen: Language): void {
  current = chosen;
  kept.set("language", chosen);
  document.documentElement.lang = chosen === "zh" ? "zh-Hans" : "en";
  translate(document);
  for (const listener of listeners) listener();
}
