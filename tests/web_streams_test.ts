// The suite of web streams and sendfile, over each backend.

import { ALL_BACKENDS } from "./_backends.ts";
import { webStreamSuite } from "./conformance/web_streams.ts";

ALL_BACKENDS.forEach(webStreamSuite);
