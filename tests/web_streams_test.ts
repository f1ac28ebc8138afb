// The suite of web streams and sendfile, over each backend.

import { webStreamSuite } from "./conformance/web_streams.ts";
import { ALL_SUBJECTS } from "./_sim.ts";

ALL_SUBJECTS.forEach(webStreamSuite);
