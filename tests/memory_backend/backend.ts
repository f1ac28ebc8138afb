// A backend in memory. It shows that a new backend needs only its own folder. It uses no global of Deno or Node, so a
// module over it runs anywhere.

import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_RDM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from "../../base/constants.ts";
import { errorFor } from "../../base/errors.ts";
import type { Backend } from "../../seam/backend.ts";
import type { Resolver } from "../../seam/resolver.ts";
import type { Transport } from "../../seam/transport.ts";
import { MemoryDatagrams } from "./datagrams.ts";
import { endpoints, resolver } from "./host.ts";
import { MemoryStream } from "./streams.ts";

const KNOWN_TYPES = [SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET];

function open(family: number, type: number, proto: number): MemoryStream | MemoryDatagrams {
  if (family !== AF_INET && family !== AF_INET6 && family !== AF_UNIX) {
    throw errorFor("EAFNOSUPPORT", { syscall: "socket" });
  }
  if (type !== SOCK_STREAM && type !== SOCK_DGRAM) {
    throw errorFor(KNOWN_TYPES.includes(type) ? "ESOCKTNOSUPPORT" : "EINVAL", { syscall: "socket" });
  }
  const own = family === AF_UNIX ? AF_UNIX : type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
  if (proto !== 0 && proto !== own) throw errorFor("EPROTONOSUPPORT", { syscall: "socket" });
  return type === SOCK_STREAM ? new MemoryStream(family, type, proto) : new MemoryDatagrams(family, type, proto);
}

function unknownDescriptor(): never {
  throw errorFor("EBADF", { syscall: "socket" });
}

function pair(family: number, type: number, proto: number): Promise<[Transport, Transport]> {
  if (type === SOCK_STREAM) return Promise.resolve(MemoryStream.pair(family, type, proto));
  const [one, other] = [open(family, type, proto), open(family, type, proto)];
  const caller = { turn: 0 };
  for (const end of [one, other]) end.bind(family === AF_UNIX ? "" : ["127.0.0.1", 0]);
  one.connect(caller, other.getsockname());
  other.connect(caller, one.getsockname());
  return Promise.resolve([one, other]);
}

/** A backend whose sockets reach only each other. */
export const memoryBackend: Backend & { readonly resolver: Resolver } = {
  resolver,
  open,
  adopt: unknownDescriptor,
  adoptDuplicate: unknownDescriptor,
  pair,
  endpoints,
};
