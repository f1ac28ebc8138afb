// The look-ups that wait, each in a file of its own. mod.ts imports them at the first look-up.

export { getaddrinfo } from "./getaddrinfo.ts";
export { getfqdn, gethostbyaddr, gethostbyname, gethostbyname_ex } from "./gethost.ts";
export { getnameinfo } from "./getnameinfo.ts";
export { getprotobyname, getservbyname, getservbyport } from "./getserv.ts";
