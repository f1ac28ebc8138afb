import * as native from "../../native.ts";
import { epoll, EPOLLIN, select } from "../../select.ts";
import { run } from "./berkeley.ts";

await run({ ...native, select, epoll, EPOLLIN }, Deno.args);
