// The stream suites, over each backend.

import { processSuite } from "./conformance/process.ts";
import { streamSuite } from "./conformance/streams.ts";
import { ALL_SUBJECTS, SUBJECTS } from "./_sim.ts";

ALL_SUBJECTS.forEach(streamSuite);
SUBJECTS.forEach(processSuite);
