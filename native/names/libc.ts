// libc's functions for look-ups of names. They are opened at the first look-up.

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

/** The functions of libc that look up names. Run those that wait by `lookUps`. */
export function libcNames(): LibcNames {
  return symbols ??= openLibc(SYMBOLS);
}
