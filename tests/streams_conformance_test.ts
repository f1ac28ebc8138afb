// The stream suites, over each backend.

import * as deno from "../mod.ts";
import * as native from "../native.ts";
import { streamSuite } from "./conformance/streams.ts";

streamSuite({ name: "deno", module: deno, url: import.meta.resolve("../mod.ts") });
streamSuite({ name: "native", module: native, url: import.meta.resolve("../native.ts") });
