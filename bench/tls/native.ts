import * as socket from "../../native.ts";
import * as ssl from "../../native/ssl.ts";
import { serve } from "./berkeley.ts";

await serve(socket as any, ssl as any);
