// The stream suites, over each backend.

import * as deno from "../mod.ts";
import { streamSuite } from "./conformance/streams.ts";

streamSuite({ name: "deno", module: deno, url: import.meta.resolve("../mod.ts") });
