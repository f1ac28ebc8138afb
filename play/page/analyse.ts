// Parses a program's text: its imports and declarations, its awaits, and its first syntax error.

import { javascriptLanguage } from "@codemirror/lang-javascript";
import type { SyntaxNode } from "@lezer/common";
import type { Edit } from "../protocol.ts";

export interface Analysis {
  /** The changes that the Worker makes before it runs the text. */
  edits: Edit[];
  /** The names declared at the top level. */
  declared: string[];
  /** The line of the first syntax error. */
  brokenLine: number | undefined;
}

/** Nodes whose declarations do not belong to the module. */
const INNER = new Set([
  "Block",
  "ParamList",
  "ClassBody",
  "ArrowFunction",
  "FunctionExpression",
  "ForSpec",
  "ForOfSpec",
]);

function isTopLevel(node: SyntaxNode): boolean {
  for (let parent = node.parent; parent !== null; parent = parent.parent) if (INNER.has(parent.name)) return false;
  return true;
}

/** The expression that an `await` waits for, or that a `for await` iterates over. */
function operandOf(node: SyntaxNode, after: string): SyntaxNode | null {
  let child = node.firstChild;
  while (child !== null && child.name !== after) child = child.nextSibling;
  do child = child?.nextSibling ?? null; while (child !== null && /Comment/.test(child.name));
  return child;
}

export function analyse(code: string): Analysis {
  const lineStarts = [0];
  for (let place = code.indexOf("\n"); place >= 0; place = code.indexOf("\n", place + 1)) lineStarts.push(place + 1);
  const lineAt = (place: number) => {
    let line = 0;
    while (line + 1 < lineStarts.length && lineStarts[line + 1] <= place) line++;
    return line + 1;
  };
  const edits: Edit[] = [];
  const declared: string[] = [];
  let brokenLine: number | undefined;
  const around = (name: string, line: number, operand: SyntaxNode | null) => {
    if (operand === null) return;
    edits.push({ from: operand.from, to: operand.from, by: `${name}(${line},` });
    edits.push({ from: operand.to, to: operand.to, by: ")" });
  };
  javascriptLanguage.parser.parse(code).iterate({
    enter({ type, node, from, to }) {
      if (type.isError) brokenLine ??= lineAt(from);
      else if (node.name === "AwaitExpression") around("$at", lineAt(from), operandOf(node, "await"));
      else if (node.name === "ForOfSpec" && node.prevSibling?.name === "await") {
        around("$each", lineAt(from), operandOf(node, "of"));
      } else if (node.name === "VariableDefinition" && isTopLevel(node)) declared.push(code.slice(from, to));
      else if (node.name === "String" && /^(Import|Export)Declaration$/.test(node.parent?.name ?? "")) {
        edits.push({ from, to, by: { specifier: code.slice(from + 1, to - 1) } });
      }
    },
  });
  edits.sort((a, b) => a.from - b.from);
  // Text with a syntax error is not changed, so that the engine's message is about the reader's own text.
  return {
    edits: brokenLine === undefined ? edits : edits.filter(({ by }) => typeof by !== "string"),
    declared,
    brokenLine,
  };
}
