// The parts of a lesson.

import type { Both } from "../page/i18n.ts";
import type { Settings } from "../protocol.ts";

/** A program of a lesson. Each has its own host. */
export interface LessonProgram {
  host: string;
  code: string;
  /** Lines for its `input()`, typed in advance. */
  typed?: string[];
}

export interface Lesson {
  /** The name of the lesson in links. */
  id: string;
  part: Both;
  title: Both;
  /** Text in the Markdown that page/markdown.ts supports. */
  text: Both;
  /** Makes the programs. `note` chooses the language of a comment. */
  programs(note: (en: string, zh: string) => string): LessonProgram[];
  settings?: Partial<Settings>;
  /** Hosts that drop every packet. */
  silent?: string[];
  question: Both;
  answer: Both;
}

/** The network of a lesson that has no settings of its own. */
export const USUAL: Settings = { latency: 0.02, loss: 0, bandwidth: 0, seed: 1 };

export const PARTS = {
  conversation: { en: "A conversation", zh: "一次对话" },
  many: { en: "Many clients", zh: "多个客户端" },
  dialogues: { en: "Datagrams and dialogues", zh: "数据报与问答" },
  waiting: { en: "Waiting and errors", zh: "等待与错误" },
  wire: { en: "On the wire", zh: "线路上的细节" },
  together: { en: "All together", zh: "综合" },
} satisfies Record<string, Both>;
