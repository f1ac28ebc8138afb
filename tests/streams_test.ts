// The suite of web streams and sendfile, over each backend.

import { SUBJECTS } from "./_sim.ts";
import { webStreamSuite } from "./conformance/web_streams.ts";

SUBJECTS.forEach(webStreamSuite);
