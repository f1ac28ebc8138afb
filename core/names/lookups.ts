// The look-ups that need tables and rules of their own. Entries load this file at the first look-up.

export { getaddrinfo } from "./getaddrinfo.ts";
export { getfqdn, gethostbyaddr, gethostbyname, gethostbyname_ex } from "./gethost.ts";
export { getnameinfo } from "./getnameinfo.ts";
export { getprotobyname, getservbyname, getservbyport } from "./getserv.ts";
