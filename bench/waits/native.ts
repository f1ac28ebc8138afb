import * as module from "../../native.ts";
import { run } from "./berkeley.ts";

await run(module);
