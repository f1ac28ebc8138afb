// Line ends in text, as CPython's `newline` argument has them.

import { nameOf } from "../../base/data.ts";

/** How lines end: null and "" know all three ways (null makes them "\n"), the others one. */
export type Newline = null | "" | "\n" | "\r" | "\r\n";

/** Checks a `newline` argument. */
export function newlineOf(value: unknown): Newline {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") throw new TypeError(`newline must be a string or null, not ${nameOf(value)}`);
  if (!["", "\n", "\r", "\r\n"].includes(value)) throw new RangeError(`illegal newline value: ${value}`);
  return value as Newline;
}

/** What `newlines` answers: the line ends seen so far. */
export type NewlinesSeen = null | string | string[];

/** Makes "\r" and "\r\n" to "\n" if it shall, holds a last "\r" back until it is known what follows, and keeps count. */
export class NewlineDecoder {
  readonly #translate: boolean;
  #held = "";
  #cr = false;
  #lf = false;
  #crlf = false;

  constructor(translate: boolean) {
    this.#translate = translate;
  }

  decode(text: string, final: boolean): string {
    if (text === "" && !final) return "";
    text = this.#held + text;
    this.#held = "";
    if (!final && text.endsWith("\r")) {
      this.#held = "\r";
      text = text.slice(0, -1);
    }
    if (!text.includes("\r")) {
      this.#lf ||= text.includes("\n");
      return text;
    }
    this.#crlf ||= text.includes("\r\n");
    this.#cr ||= /\r(?!\n)/.test(text);
    this.#lf ||= /(?<!\r)\n/.test(text);
    return this.#translate ? text.replace(/\r\n?/g, "\n") : text;
  }

  get seen(): NewlinesSeen {
    const seen = [this.#cr && "\r", this.#lf && "\n", this.#crlf && "\r\n"].filter((end) => end !== false);
    return seen.length > 1 ? seen : seen[0] ?? null;
  }
}

/** Where the line ends that begins at `from` or before, if its end is in the text; else -1. */
export function lineEnd(text: string, from: number, newline: Newline): number {
  if (newline === "") {
    ANY_END.lastIndex = from;
    return ANY_END.test(text) ? ANY_END.lastIndex : -1;
  }
  const end = newline ?? "\n";
  const index = text.indexOf(end, from);
  return index < 0 ? -1 : index + end.length;
}

const ANY_END = /\r\n|\r|\n/g;

/** What is written for a text's "\n". */
export function withNewlines(text: string, newline: Newline): string {
  return newline === "\r" || newline === "\r\n" ? text.replaceAll("\n", newline) : text;
}
