// The look-ups that wait, each in a file of its own. mod.ts loads them at the first one.

export { getaddrinfo } from "./getaddrinfo.ts";
export { getfqdn, gethostbyaddr, gethostbyname, gethostbyname_ex } from "./gethost.ts";
export { getnameinfo } from "./getnameinfo.ts";
export { getprotobyname, getservbyname, getservbyport } from "./getserv.ts";
