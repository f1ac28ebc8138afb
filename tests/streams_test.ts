// The stream suites, over each backend.

import { BACKENDS } from "./_backends.ts";
import { streamSuite } from "./conformance/streams.ts";

BACKENDS.forEach(streamSuite);
