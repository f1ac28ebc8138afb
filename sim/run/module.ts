// The socket module of a host. Its type is that of the package's main entry, so that one program runs on both.

import { makeModule } from "../../core/module.ts";
import { Runtime } from "../../core/runtime.ts";
import type { Numbers } from "../../core/descriptors.ts";
import type { HostBackend } from "../net/backend.ts";
import type { HostClock } from "../time/host_clock.ts";

/** The socket module: the same names as `@berkeley/socket`. */
export type SocketModule = typeof import("../../mod.ts");

/** Makes the module of a host, from its next start to its next crash. */
export function makeHostModule(clock: HostClock, numbers: Numbers, backend: HostBackend): SocketModule {
  // The type of a spread object has number where an entry has the constant's own type.
  return makeModule(new Runtime(clock, numbers), backend) as SocketModule;
}
