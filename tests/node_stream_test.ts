// toNodeStream, over every backend. With packages from npm: tests/npm/.

import { BACKENDS } from "./_backends.ts";
import { testNodeStream } from "./conformance/node_stream.ts";

for (const subject of BACKENDS) testNodeStream(subject);
