import * as module from "../../mod.ts";
import { run } from "./berkeley.ts";

await run(module, Deno.args);
