// The suite of web streams and sendfile, over the default backend.

import * as deno from "../mod.ts";
import { webStreamSuite } from "./conformance/web_streams.ts";

webStreamSuite({ name: "deno", module: deno, url: import.meta.resolve("../mod.ts") });
