import * as socket from "../../mod.ts";
import * as ssl from "../../ssl.ts";
import { serve } from "./berkeley.ts";

await serve(socket, ssl);
