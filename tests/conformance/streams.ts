// All that a stream socket promises, whatever it stands on.

import { addressSuite } from "./addresses.ts";
import type { Subject } from "./fixtures.ts";

export function streamSuite(subject: Subject): void {
  addressSuite(subject);
}
