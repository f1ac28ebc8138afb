// The stream suites, over each backend.

import { ALL_BACKENDS, BACKENDS } from "./_backends.ts";
import { processSuite } from "./conformance/process.ts";
import { streamSuite } from "./conformance/streams.ts";

ALL_BACKENDS.forEach(streamSuite);
BACKENDS.forEach(processSuite);
