// The default backend: the sockets that Deno's net API can open, and the kernel's errors for all others.

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
} from "../base/constants.ts";
import { errorFor } from "../base/errors.ts";
import type { Backend } from "../seam/backend.ts";
import type { Transport } from "../seam/transport.ts";
import { openDatagrams } from "./datagrams.ts";
import { endpoints } from "./endpoints.ts";
import { NATIVE_HINT } from "./options.ts";
import { denoResolver } from "./resolver.ts";
import { StreamTransport } from "./streams.ts";

const KNOWN_TYPES = [SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET];

/** Appended to the error for a number that is not a socket of this module. */
const ADOPT_HINT = `not a socket of this module; for the process's own descriptors: ${NATIVE_HINT}`;

/** Throws the kernel's error for a family, type or protocol that Deno does not have. */
function checkKind(family: number, type: number, proto: number): void {
  if (family !== AF_INET && family !== AF_INET6 && family !== AF_UNIX) {
    throw errorFor("EAFNOSUPPORT", { syscall: "socket", hint: NATIVE_HINT });
  }
  if (type !== SOCK_STREAM && type !== SOCK_DGRAM) {
    const hint = KNOWN_TYPES.includes(type) ? NATIVE_HINT : undefined;
    throw errorFor(KNOWN_TYPES.includes(type) ? "ESOCKTNOSUPPORT" : "EINVAL", { syscall: "socket", hint });
  }
  // A Unix socket's protocol is 0 or, by tradition, PF_UNIX.
  const own = family === AF_UNIX ? AF_UNIX : type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
  if (proto !== 0 && proto !== own) throw errorFor("EPROTONOSUPPORT", { syscall: "socket", hint: NATIVE_HINT });
}

/** Sockets on Deno.listen, Deno.connect and Deno.listenDatagram. */
export const denoBackend: Backend = {
  resolver: denoResolver,

  open(family, type, proto): Transport {
    checkKind(family, type, proto);
    return type === SOCK_STREAM ? new StreamTransport(family, proto) : openDatagrams(family, proto);
  },

  adopt(_fd): Transport {
    // Deno cannot open a descriptor by its number. A number that can be adopted is in the descriptor table already.
    throw errorFor("EBADF", { syscall: "socket", hint: ADOPT_HINT });
  },

  adoptDuplicate(_fd): Transport {
    throw errorFor("EBADF", { syscall: "dup", hint: ADOPT_HINT });
  },

  async pair(family, type, proto): Promise<[Transport, Transport]> {
    checkKind(family, type, proto);
    const { openPair } = await import("./pair.ts");
    return await openPair(family, type);
  },

  endpoints,
};
