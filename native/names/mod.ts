// The look-ups of Python's socket module by libc, each in a file of its own.

export { getaddrinfo } from "./getaddrinfo.ts";
export type { AddressInfo } from "../../core/names/getaddrinfo.ts";
export { getfqdn, gethostbyaddr, gethostbyname, gethostbyname_ex, gethostname } from "./gethost.ts";
export type { HostEntry } from "../../core/names/gethost.ts";
export { getnameinfo } from "./getnameinfo.ts";
export { getprotobyname, getservbyname, getservbyport } from "./getserv.ts";
export { if_indextoname, if_nameindex, if_nametoindex } from "./interfaces.ts";

/** Whether this platform has IPv6: Linux always does. */
export const has_ipv6: boolean = true;
