// The suite of web streams and sendfile, over each backend.

import { BACKENDS } from "./_backends.ts";
import { webStreamSuite } from "./conformance/web_streams.ts";

BACKENDS.forEach(webStreamSuite);
