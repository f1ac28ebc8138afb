import * as module from "../../mod.ts";
import { run } from "./berkeley.ts";
import { roleOf } from "./roles.ts";

await run(module, roleOf(Deno.args));
