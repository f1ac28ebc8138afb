// Completion of the module's names: after `socket.`, after another object's dot, and of the page's helpers.

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import NAMES from "names:json";
import { t } from "./i18n.ts";

const toCompletion = ([label, kind, detail, info]: [string, string, string, string]): Completion => ({
  label,
  detail,
  info: info === "" ? undefined : info,
  type: kind,
  // There are many constants, so functions come first.
  boost: kind === "function" ? 10 : kind === "class" ? 5 : 0,
});

const ofModule = NAMES.module.map(toCompletion);
const ofSocket = NAMES.socket.map(toCompletion);

/** A completion source for CodeMirror. */
export function completeSockets(context: CompletionContext): CompletionResult | null {
  const member = context.matchBefore(/([\w$]+)\.[\w$]*/);
  if (member !== null) {
    const [object] = member.text.split(".");
    if (/^\d/.test(object) || object === "console") return null;
    const options = object === "socket" || object === "select" ? ofModule : ofSocket;
    return { from: member.from + object.length + 1, options, validFor: /^[\w$]*$/ };
  }
  const word = context.matchBefore(/[\w$]+/);
  if (word === null && !context.explicit) return null;
  const options: Completion[] = [
    { label: "input", detail: "(prompt)", info: t("helpInput"), type: "function" },
    { label: "sleep", detail: "(seconds)", info: t("helpSleep"), type: "function" },
    { label: "socket", type: "variable" },
    { label: "console.log", detail: "(…)", type: "function" },
  ];
  return { from: word?.from ?? context.pos, options, validFor: /^[\w$]*$/ };
}
