// The suites for stream sockets on every backend.

import { addressSuite } from "./addresses.ts";
import { dataSuite } from "./data.ts";
import type { Subject } from "./fixtures.ts";
import { lifeSuite } from "./life.ts";
import { refusalSuite } from "./refusals.ts";
import { waitingSuite } from "./waiting.ts";

export function streamSuite(subject: Subject): void {
  addressSuite(subject);
  dataSuite(subject);
  waitingSuite(subject);
  lifeSuite(subject);
  refusalSuite(subject);
}
