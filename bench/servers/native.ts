import * as module from "../../native.ts";
import { run } from "./berkeley.ts";
import { roleOf } from "./roles.ts";

await run(module, roleOf(Deno.args));
