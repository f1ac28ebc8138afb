// A program's editor: CodeMirror with JavaScript, completion of the module's names, and marks on lines.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { javascript, localCompletionSource } from "@codemirror/lang-javascript";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  WidgetType,
} from "@codemirror/view";
import type { DecorationSet } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { completeSockets } from "./completion.ts";
import { t } from "./i18n.ts";

/** The marks on the lines of an editor. */
interface Marks {
  /** The lines at which the program waits. */
  waiting: number[];
  /** The error, and its line. */
  failed: { line: number; message: string } | null;
}

const setMarks = StateEffect.define<Marks>();

class ErrorText extends WidgetType {
  constructor(readonly message: string) {
    super();
  }
  override eq(other: ErrorText): boolean {
    return other.message === this.message;
  }
  override toDOM(): HTMLElement {
    const element = document.createElement("div");
    element.className = "cm-error-text";
    element.textContent = this.message;
    return element;
  }
}

function decorate(state: EditorState, { waiting, failed }: Marks): DecorationSet {
  const all = [];
  const exists = (line: number) => line >= 1 && line <= state.doc.lines;
  for (const line of waiting.filter(exists)) {
    all.push(Decoration.line({ class: "cm-waiting" }).range(state.doc.line(line).from));
  }
  if (failed !== null && exists(failed.line)) {
    const { from, to } = state.doc.line(failed.line);
    all.push(Decoration.line({ class: "cm-failed" }).range(from));
    all.push(Decoration.widget({ widget: new ErrorText(failed.message), block: true, side: 1 }).range(to));
  }
  return Decoration.set(all, true);
}

const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setMarks)) return decorate(transaction.state, effect.value);
    return transaction.docChanged ? Decoration.none : value;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export interface Editor {
  readonly element: HTMLElement;
  text(): string;
  setText(text: string): void;
  mark(marks: Marks): void;
  setLabel(label: string): void;
  destroy(): void;
}

export interface EditorEvents {
  changed(): void;
  run(): void;
}

export function createEditor(text: string, label: string, events: EditorEvents): Editor {
  const attributes = new Compartment();
  const labelled = (name: string) =>
    attributes.of(EditorView.contentAttributes.of({ "aria-label": name, spellcheck: "false" }));
  let silent = false;
  const view = new EditorView({
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ override: [completeSockets, localCompletionSource], icons: false }),
        javascript(),
        indentUnit.of("  "),
        syntaxHighlighting(classHighlighter),
        EditorView.lineWrapping,
        marks,
        labelled(label),
        // The editor ignores Tab, so that the keyboard can leave it.
        keymap.of([
          { key: "Mod-Enter", run: () => (events.run(), true) },
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...historyKeymap,
          ...completionKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !silent) events.changed();
        }),
      ],
    }),
  });
  view.scrollDOM.tabIndex = -1;
  return {
    element: view.dom,
    text: () => view.state.doc.toString(),
    setText(text) {
      silent = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      silent = false;
    },
    mark: (what) => view.dispatch({ effects: setMarks.of(what) }),
    setLabel(name) {
      view.dispatch({
        effects: attributes.reconfigure(EditorView.contentAttributes.of({ "aria-label": name, spellcheck: "false" })),
      });
    },
    destroy: () => view.destroy(),
  };
}

/** The keys that run the programs. */
export function keyHint(): string {
  return t("keyHint", { key: /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl" });
}
