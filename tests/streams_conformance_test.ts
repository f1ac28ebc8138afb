// The stream suites, over each backend.

import { SUBJECTS } from "./_sim.ts";
import { streamSuite } from "./conformance/streams.ts";

SUBJECTS.forEach(streamSuite);
