// Makes the whole module for a runtime and a backend. A simulated host, or a program with a backend of its own, uses it
// instead of an entry. mod.ts has the same names, with their documentation.

import * as constants from "../base/constants.ts";
import * as exceptions from "../base/exceptions.ts";
import * as inet from "../base/inet.ts";
import * as pollConstants from "../base/poll.ts";
import { CMSG_LEN, CMSG_SPACE } from "../base/data.ts";
import type { Backend } from "../seam/backend.ts";
import type { Resolver } from "../seam/resolver.ts";
import { BinaryFile, BufferedFile, RawFile, TextFile } from "./files.ts";
import { SocketFile, UnsupportedOperation } from "./files/file.ts";
import * as lookUps from "./names/lookups.ts";
import { makeNames } from "./names/module.ts";
import type { Names } from "./names/module.ts";
import type { Runtime } from "./runtime.ts";
import { makeSelect, makeSelectors, selectClasses } from "./select/module.ts";
import type { SelectFunctions, Selectors } from "./select/module.ts";
import { EVENT_READ, EVENT_WRITE } from "./select/selectors.ts";
import { Socket } from "./socket.ts";
import { makeSockets } from "./sockets.ts";
import type { SocketFunctions } from "./sockets.ts";

/** What is the same for every runtime and backend: classes, constants, and functions that depend on their arguments only. */
const COMMON = {
  ...constants,
  ...pollConstants,
  EVENT_READ,
  EVENT_WRITE,
  ...exceptions,
  ...inet,
  ...selectClasses,
  CMSG_LEN,
  CMSG_SPACE,
  Socket,
  BinaryFile,
  BufferedFile,
  RawFile,
  SocketFile,
  TextFile,
  UnsupportedOperation,
  /** Every backend has IPv6. */
  has_ipv6: true,
};

/** The names of Python's socket, select and selectors modules. */
export type Module = typeof COMMON & SocketFunctions & SelectFunctions & Selectors & Names;

/** Makes a module whose sockets belong to a backend, and whose waits use the clock of a runtime. */
export function makeModule(runtime: Runtime, backend: Backend & { readonly resolver: Resolver }): Module {
  return {
    ...COMMON,
    ...makeSockets(runtime, backend),
    ...makeSelect(runtime),
    ...makeSelectors(runtime),
    ...makeNames(backend.resolver, () => lookUps, runtime.turns),
  };
}
