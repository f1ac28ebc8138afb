// libc's functions for look-ups of names. They are opened at the first look-up.

import { lookUps } from "../blocking_calls.ts";
import { openLibc } from "../libc.ts";

/** The symbol table. */
const SYMBOLS = {
  getaddrinfo: {
    parameters: [
      "buffer", // const char *node
      "buffer", // const char *service
      "buffer", // const struct addrinfo *hints
      "buffer", // struct addrinfo **res
    ],
    result: "i32",
  },
  getaddrinfo_waiting: {
    name: "getaddrinfo",
    parameters: [
      "buffer", // const char *node
      "buffer", // const char *service
      "buffer", // const struct addrinfo *hints
      "buffer", // struct addrinfo **res
    ],
    result: "i32",
    nonblocking: true,
  },
  freeaddrinfo: { parameters: ["usize" /* struct addrinfo *res */], result: "void" },
  getnameinfo_waiting: {
    name: "getnameinfo",
    parameters: [
      "buffer", // const struct sockaddr *addr
      "u32", // socklen_t addrlen
      "buffer", // char *host
      "u32", // socklen_t hostlen
      "buffer", // char *serv
      "u32", // socklen_t servlen
      "i32", // int flags
    ],
    result: "i32",
    nonblocking: true,
  },
  gai_strerror: { parameters: ["i32" /* int errcode */], result: "usize" }, // const char *
  gethostname: { parameters: ["buffer", /* char *name */ "u32" /* size_t len */], result: "i32" },
  gethostbyname_r_waiting: {
    name: "gethostbyname_r",
    parameters: [
      "buffer", // const char *name
      "buffer", // struct hostent *ret
      "buffer", // char *buf
      "u32", // size_t buflen
      "buffer", // struct hostent **result
      "buffer", // int *h_errnop
    ],
    result: "i32",
    nonblocking: true,
  },
  gethostbyaddr_r_waiting: {
    name: "gethostbyaddr_r",
    parameters: [
      "buffer", // const void *addr
      "u32", // socklen_t len
      "i32", // int type
      "buffer", // struct hostent *ret
      "buffer", // char *buf
      "u32", // size_t buflen
      "buffer", // struct hostent **result
      "buffer", // int *h_errnop
    ],
    result: "i32",
    nonblocking: true,
  },
  getservbyname_r_waiting: {
    name: "getservbyname_r",
    parameters: [
      "buffer", // const char *name
      "buffer", // const char *proto
      "buffer", // struct servent *result_buf
      "buffer", // char *buf
      "u32", // size_t buflen
      "buffer", // struct servent **result
    ],
    result: "i32",
    nonblocking: true,
  },
  getservbyport_r_waiting: {
    name: "getservbyport_r",
    parameters: [
      "i32", // int port
      "buffer", // const char *proto
      "buffer", // struct servent *result_buf
      "buffer", // char *buf
      "u32", // size_t buflen
      "buffer", // struct servent **result
    ],
    result: "i32",
    nonblocking: true,
  },
  getprotobyname_r_waiting: {
    name: "getprotobyname_r",
    parameters: [
      "buffer", // const char *name
      "buffer", // struct protoent *result_buf
      "buffer", // char *buf
      "u32", // size_t buflen
      "buffer", // struct protoent **result
    ],
    result: "i32",
    nonblocking: true,
    optional: true, // musl has none
  },
  if_nameindex: { parameters: [], result: "usize" }, // struct if_nameindex *
  if_freenameindex: { parameters: ["usize" /* struct if_nameindex *ptr */], result: "void" },
  if_nametoindex: { parameters: ["buffer" /* const char *ifname */], result: "u32" },
  if_indextoname: { parameters: ["u32", /* unsigned int ifindex */ "buffer" /* char *ifname */], result: "pointer" },
} as const;

type LibcNames = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let symbols: LibcNames | undefined;

/** The functions of libc that look up names. Those that wait are queued while too many of them run. */
export function libcNames(): LibcNames {
  return symbols ??= open();
}

function open(): LibcNames {
  const all = openLibc(SYMBOLS);
  const getprotobyname = all.getprotobyname_r_waiting;
  return {
    ...all,
    getaddrinfo_waiting: queued(all.getaddrinfo_waiting),
    getnameinfo_waiting: queued(all.getnameinfo_waiting),
    gethostbyname_r_waiting: queued(all.gethostbyname_r_waiting),
    gethostbyaddr_r_waiting: queued(all.gethostbyaddr_r_waiting),
    getservbyname_r_waiting: queued(all.getservbyname_r_waiting),
    getservbyport_r_waiting: queued(all.getservbyport_r_waiting),
    getprotobyname_r_waiting: getprotobyname === null ? null : queued(getprotobyname),
  };
}

/** Makes each call of a function a look-up of the queue. */
function queued<A extends unknown[]>(
  call: (...parameters: A) => Promise<number>,
): (...parameters: A) => Promise<number> {
  return (...parameters) => lookUps.run(() => call(...parameters));
}
