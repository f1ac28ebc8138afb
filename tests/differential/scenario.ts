// The form of a scenario: calls on numbered sockets, in words that both interpreters know.

/** The families that scenarios run in. */
export type FamilyName = "TCP" | "TCP6" | "UNIX" | "UDP" | "UDP6" | "UNIX datagrams";

/** One call: [operation, slot, ...arguments]. */
export type Step = [operation: string, slot: number, ...rest: any[]];

/** A sequence of calls. */
export interface Scenario {
  id: number;
  family: FamilyName;
  steps: Step[];
  /** Its subject, for the message of a failure. */
  note?: string;
}

/** The answer of a step: a value, or the error that it threw. */
export type Entry = unknown | { error: string; errno: number | null };

/** Whether an entry is an error. */
export function isError(entry: Entry): entry is { error: string; errno: number | null } {
  return typeof entry === "object" && entry !== null && "error" in entry;
}
