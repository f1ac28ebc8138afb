// The Markdown of the lessons. It has paragraphs, lists, code blocks, `code`, **strong** and [links](address) only.

import { h } from "./dom.ts";

function inline(text: string): Node[] {
  const nodes: Node[] = [];
  let place = 0;
  for (const match of text.matchAll(/`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g)) {
    if (match.index > place) nodes.push(document.createTextNode(text.slice(place, match.index)));
    place = match.index + match[0].length;
    const [, code, strong, label, address] = match;
    if (code !== undefined) nodes.push(h("code", {}, code));
    else if (strong !== undefined) nodes.push(h("strong", {}, ...inline(strong)));
    else nodes.push(h("a", { href: address }, label));
  }
  if (place < text.length) nodes.push(document.createTextNode(text.slice(place)));
  return nodes;
}

/** Joins the lines of a paragraph by a blank, except between Chinese characters. */
function joined(lines: string[]): string {
  return lines.reduce((text, line) => {
    const isWide = /[\u2e80-\uffef]$/.test(text) || /^[\u2e80-\uffef]/.test(line);
    return text === "" ? line : text + (isWide ? "" : " ") + line;
  }, "");
}

export function markdown(source: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const block of source.trim().split(/\n\s*\n/)) {
    const lines = block.split("\n").map((line) => line.trimEnd());
    if (lines[0].startsWith("    ")) {
      fragment.append(h("pre", { tabindex: 0 }, h("code", {}, lines.map((line) => line.slice(4)).join("\n"))));
    } else if (/^(- |\d+\. )/.test(lines[0])) {
      const items: string[][] = [];
      for (const line of lines) {
        if (/^(- |\d+\. )/.test(line)) items.push([line.replace(/^(- |\d+\. )/, "")]);
        else items.at(-1)!.push(line.trim());
      }
      const list = h(lines[0].startsWith("-") ? "ul" : "ol");
      for (const item of items) list.append(h("li", {}, ...inline(joined(item))));
      fragment.append(list);
    } else fragment.append(h("p", {}, ...inline(joined(lines.map((line) => line.trim())))));
  }
  return fragment;
}
