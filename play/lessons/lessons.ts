// All lessons, in their order.

import { backlog } from "./backlog.ts";
import { borders } from "./borders.ts";
import { chat } from "./chat.ts";
import { clients } from "./clients.ts";
import { connectEx } from "./connect_ex.ts";
import { echo } from "./echo.ts";
import { halfClose } from "./half_close.ts";
import type { Lesson } from "./lesson.ts";
import { loop } from "./loop.ts";
import { lostSyn } from "./lost_syn.ts";
import { refused } from "./refused.ts";
import { robot } from "./robot.ts";
import { select } from "./select.ts";
import { timeouts } from "./timeouts.ts";
import { udp } from "./udp.ts";
import { upper } from "./upper.ts";
import { waits } from "./waits.ts";

export const LESSONS: Lesson[] = [
  echo,
  upper,
  loop,
  waits,
  clients,
  select,
  backlog,
  udp,
  robot,
  timeouts,
  connectEx,
  halfClose,
  refused,
  lostSyn,
  borders,
  chat,
];
