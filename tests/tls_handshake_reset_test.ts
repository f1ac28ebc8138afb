// A peer that resets the connection during the handshake.

import assert from "node:assert/strict";
import { errorFor } from "../base/errors.ts";
import { ManualClock } from "./_manual_clock.ts";
import { startedPair } from "./tls/controlled.ts";

Deno.test("a TLS handshake whose send finds a reset fails with ECONNRESET, each time", () => {
  using pair = startedPair(new ManualClock());
  pair.below.reset = errorFor("ECONNRESET", { syscall: "send" });
  for (let again = 0; again < 2; again++) assert.throws(() => pair.near.handshake(), { code: "ECONNRESET" });
});
