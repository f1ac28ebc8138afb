// The socket module of a host. Its type is that of the package's main entry, so the same program runs on both.

import { atCaller } from "../../base/errors.ts";
import { makeModule } from "../../core/module.ts";
import type { Module } from "../../core/module.ts";
import { Runtime } from "../../core/runtime.ts";
import type { Numbers } from "../../core/descriptors.ts";
import type { HostBackend } from "../net/backend.ts";
import type { HostClock } from "../time/host_clock.ts";

/** The socket module: the same names as `@berkeley/socket`. */
export type SocketModule = typeof import("../../mod.ts");

/** Wraps the functions that open sockets, so that the stack of their errors begins in the program. */
function blamingCallers(module: Module): Partial<Module> {
  const { socket, fromfd, close, create_server, socketpair, create_connection } = module;
  // The functions are overloaded by family, so each wrapper keeps the type of its function.
  const now = <F extends (...args: any[]) => unknown>(call: F): F =>
    function blaming(...args: unknown[]): unknown {
      try {
        return call(...args);
      } catch (error) {
        throw atCaller(error, blaming);
      }
    } as F;
  const later = <F extends (...args: any[]) => Promise<unknown>>(call: F): F =>
    async function blaming(...args: unknown[]): Promise<unknown> {
      try {
        return await call(...args);
      } catch (error) {
        throw atCaller(error, blaming);
      }
    } as F;
  return {
    socket: now<Module["socket"]>(socket),
    fromfd: now<Module["fromfd"]>(fromfd),
    close: now(close),
    create_server: now<Module["create_server"]>(create_server),
    socketpair: later<Module["socketpair"]>(socketpair),
    create_connection: later<Module["create_connection"]>(create_connection),
  };
}

/** Makes the module of a host for one start. After a crash the host gets a new module. */
export function makeHostModule(
  clock: HostClock,
  numbers: Numbers,
  collected: "closed" | "kept",
  backend: HostBackend,
): SocketModule {
  const module = makeModule(new Runtime(clock, numbers, collected), backend);
  // The type of a spread object has number where an entry has the constant's own type.
  return Object.assign(module, blamingCallers(module)) as SocketModule;
}
