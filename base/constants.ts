// Every constant of CPython's socket module on Linux, with the running platform's numbers.

export * from "./constants/families.ts";
export * from "./constants/sockets.ts";
export * from "./constants/ip.ts";
export * from "./constants/tcp.ts";
export * from "./constants/names.ts";
export * from "./constants/linux.ts";
