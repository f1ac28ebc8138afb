// The socket module of a host. It has the type of the package's main entry, so the same program runs on both.

import { atCaller } from "../../base/errors.ts";
import { makeModule } from "../../core/module.ts";
import type { Module } from "../../core/module.ts";
import { Runtime } from "../../core/runtime.ts";
import type { Numbers } from "../../core/descriptors.ts";
import type { HostBackend } from "../net/backend.ts";
import type { HostClock } from "../time/host_clock.ts";

/** The socket module: the same names as `@berkeley/socket`. */
export type SocketModule = typeof import("../../mod.ts");

/** Wraps the functions that open sockets. The stacks of their errors then begin at the program's call. */
function withCallerStacks(module: Module): Partial<Module> {
  const { socket, fromfd, close, create_server, socketpair, create_connection } = module;
  // The functions are overloaded by family, so each wrapper keeps the type of its function.
  const wrapSync = <F extends (...args: any[]) => unknown>(call: F): F =>
    function wrapper(...args: unknown[]): unknown {
      try {
        return call(...args);
      } catch (error) {
        throw atCaller(error, wrapper);
      }
    } as F;
  const wrapAsync = <F extends (...args: any[]) => Promise<unknown>>(call: F): F =>
    async function wrapper(...args: unknown[]): Promise<unknown> {
      try {
        return await call(...args);
      } catch (error) {
        throw atCaller(error, wrapper);
      }
    } as F;
  return {
    socket: wrapSync<Module["socket"]>(socket),
    fromfd: wrapSync<Module["fromfd"]>(fromfd),
    close: wrapSync(close),
    create_server: wrapSync<Module["create_server"]>(create_server),
    socketpair: wrapAsync<Module["socketpair"]>(socketpair),
    create_connection: wrapAsync<Module["create_connection"]>(create_connection),
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
  // A spread object would have the type `number` for constants that have literal types in the entry.
  return Object.assign(module, withCallerStacks(module)) as SocketModule;
}
