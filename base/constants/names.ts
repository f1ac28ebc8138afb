// Flags and errors of the resolver. The errors are glibc's on every platform, like its texts: this module raises them itself.

import { on } from "./platform.ts";

/** getaddrinfo: addresses to bind; no host means every interface. */
export const AI_PASSIVE: number = 1;
/** getaddrinfo: tell the host's official name. */
export const AI_CANONNAME: number = 2;
/** getaddrinfo: the host is an address, look nothing up. */
export const AI_NUMERICHOST: number = 4;
/** getaddrinfo: IPv4 addresses as IPv6 ones where there are no others. */
export const AI_V4MAPPED: number = on(8, 0x800, 0x800);
/** getaddrinfo: with AI_V4MAPPED, both. */
export const AI_ALL: number = on(16, 0x100, 0x100);
/** getaddrinfo: only families that this machine has an address of. */
export const AI_ADDRCONFIG: number = on(32, 0x400, 0x400);
/** getaddrinfo: the service is a port, look nothing up. */
export const AI_NUMERICSERV: number = on(1024, 0x1000, 8);
/** getnameinfo: the address, not the name. */
export const NI_NUMERICHOST: number = on(1, 2, 2);
/** getnameinfo: the port, not the service. */
export const NI_NUMERICSERV: number = on(2, 8, 8);
/** getnameinfo: only the host's part of a local name. */
export const NI_NOFQDN: number = on(4, 1, 1);
/** getnameinfo: an error where there is no name. */
export const NI_NAMEREQD: number = on(8, 4, 4);
/** getnameinfo: the service of datagrams. */
export const NI_DGRAM: number = 16;
/** getnameinfo: decode an international name (Linux). */
export const NI_IDN: number = 32;
/** Room for a host's name in C. */
export const NI_MAXHOST: number = 1025;
/** Room for a service's name in C. */
export const NI_MAXSERV: number = 32;
/** Invalid flags. */
export const EAI_BADFLAGS: number = -1;
/** The name or service is not known. */
export const EAI_NONAME: number = -2;
/** The look-up failed for the moment. */
export const EAI_AGAIN: number = -3;
/** The look-up failed for good. */
export const EAI_FAIL: number = -4;
/** The name has no address. */
export const EAI_NODATA: number = -5;
/** The family is not supported. */
export const EAI_FAMILY: number = -6;
/** The socket type is not supported. */
export const EAI_SOCKTYPE: number = -7;
/** The service is not there for the socket type. */
export const EAI_SERVICE: number = -8;
/** The host has no address of the family. */
export const EAI_ADDRFAMILY: number = -9;
/** Out of memory. */
export const EAI_MEMORY: number = -10;
/** A system error. */
export const EAI_SYSTEM: number = -11;
/** A result is too long. */
export const EAI_OVERFLOW: number = -12;
