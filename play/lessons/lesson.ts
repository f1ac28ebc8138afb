// What a lesson consists of.

import type { Both } from "../page/i18n.ts";
import type { Settings } from "../protocol.ts";

/** A program of a lesson, on a host of its own. */
export interface LessonProgram {
  host: string;
  code: string;
  /** What is typed in advance for its `input()`. */
  typed?: string[];
}

export interface Lesson {
  /** The name in links. */
  id: string;
  part: Both;
  title: Both;
  /** In the Markdown that page/markdown.ts knows. */
  text: Both;
  /** The programs; `note` chooses a comment's language. */
  programs(note: (en: string, zh: string) => string): LessonProgram[];
  settings?: Partial<Settings>;
  /** Hosts that drop every packet. */
  silent?: string[];
  question: Both;
  answer: Both;
}

/** The network of a lesson that says nothing else. */
export const USUAL: Settings = { latency: 0.02, loss: 0, bandwidth: 0, seed: 1 };

export const PARTS = {
  conversation: { en: "A conversation", zh: "一次对话" },
  many: { en: "Many clients", zh: "多个客户端" },
  dialogues: { en: "Datagrams and dialogues", zh: "数据报与问答" },
  waiting: { en: "Waiting and errors", zh: "等待与错误" },
  wire: { en: "On the wire", zh: "线路上的细节" },
  together: { en: "All together", zh: "综合" },
} satisfies Record<string, Both>;
