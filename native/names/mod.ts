// The look-up functions of Python's socket module over libc.

export { getaddrinfo } from "./getaddrinfo.ts";
export type { AddressInfo } from "../../core/names/getaddrinfo.ts";
export { getfqdn, gethostbyaddr, gethostbyname, gethostbyname_ex, gethostname } from "./gethost.ts";
export type { HostEntry } from "../../core/names/gethost.ts";
export { getnameinfo } from "./getnameinfo.ts";
export { getprotobyname, getservbyname, getservbyport } from "./getserv.ts";
export { if_indextoname, if_nameindex, if_nametoindex } from "./interfaces.ts";

/** Whether this platform has IPv6. Always true on Linux. */
export const has_ipv6: boolean = true;
