// libc's symbol tables, with the C declaration of each parameter.
//
// Deno compiles a stub for each function when the library is opened, which takes 0.15 ms. So the functions are in several
// tables, and each table is opened at the first call of one of its functions.
//
// Lengths (size_t) are declared u32 and counts (ssize_t) i32. A 64-bit result would be a bigint, which costs an
// allocation in each call, and no call here moves 2 GiB.

/** What every socket needs. */
const SOCKET_SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" }, // int *
  memcpy: {
    parameters: ["buffer", /* void *dest */ "pointer", /* const void *src */ "u32" /* size_t n */],
    result: "void", // void *, dest
  },
  socket: { parameters: ["i32", /* int domain */ "i32", /* int type */ "i32" /* int protocol */], result: "i32" },
  bind: {
    parameters: ["i32", /* int fd */ "buffer", /* const struct sockaddr *addr */ "u32" /* socklen_t addrlen */],
    result: "i32",
  },
  listen: { parameters: ["i32", /* int fd */ "i32" /* int backlog */], result: "i32" },
  getsockname: {
    parameters: ["i32", /* int fd */ "buffer", /* struct sockaddr *addr */ "buffer" /* socklen_t *addrlen */],
    result: "i32",
  },
  getsockopt: {
    parameters: [
      "i32", // int fd
      "i32", // int level
      "i32", // int optname
      "buffer", // void *optval
      "buffer", // socklen_t *optlen
    ],
    result: "i32",
  },
  setsockopt: {
    parameters: [
      "i32", // int fd
      "i32", // int level
      "i32", // int optname
      "buffer", // const void *optval
      "u32", // socklen_t optlen
    ],
    result: "i32",
  },
  // Variadic in C. On Linux on x86-64 and arm64, a variadic int is passed like a declared one.
  fcntl: { parameters: ["i32", /* int fd */ "i32", /* int cmd */ "i32" /* int arg */], result: "i32" },
  poll: {
    parameters: ["buffer", /* struct pollfd *fds */ "u32", /* nfds_t nfds */ "i32" /* int timeout */],
    result: "i32",
  },
  close: { parameters: ["i32" /* int fd */], result: "i32" },
} as const;

/** What connections and datagrams need. */
const TRANSFER_SYMBOLS = {
  socketpair: {
    parameters: ["i32", /* int domain */ "i32", /* int type */ "i32", /* int protocol */ "buffer" /* int sv[2] */],
    result: "i32",
  },
  accept4: {
    parameters: [
      "i32", // int fd
      "buffer", // struct sockaddr *addr
      "buffer", // socklen_t *addrlen
      "i32", // int flags
    ],
    result: "i32",
  },
  connect: {
    parameters: ["i32", /* int fd */ "buffer", /* const struct sockaddr *addr */ "u32" /* socklen_t addrlen */],
    result: "i32",
  },
  shutdown: { parameters: ["i32", /* int fd */ "i32" /* int how */], result: "i32" },
  getpeername: {
    parameters: ["i32", /* int fd */ "buffer", /* struct sockaddr *addr */ "buffer" /* socklen_t *addrlen */],
    result: "i32",
  },
  recv: {
    parameters: ["i32", /* int fd */ "buffer", /* void *buf */ "u32", /* size_t len */ "i32" /* int flags */],
    result: "i32", // ssize_t
  },
  recvfrom: {
    parameters: [
      "i32", // int fd
      "buffer", // void *buf
      "u32", // size_t len
      "i32", // int flags
      "buffer", // struct sockaddr *addr
      "buffer", // socklen_t *addrlen
    ],
    result: "i32", // ssize_t
  },
  recvmsg: {
    parameters: ["i32", /* int fd */ "buffer", /* struct msghdr *msg */ "i32" /* int flags */],
    result: "i32", // ssize_t
  },
  send: {
    parameters: ["i32", /* int fd */ "buffer", /* const void *buf */ "u32", /* size_t len */ "i32" /* int flags */],
    result: "i32", // ssize_t
  },
  sendto: {
    parameters: [
      "i32", // int fd
      "buffer", // const void *buf
      "u32", // size_t len
      "i32", // int flags
      "buffer", // const struct sockaddr *addr
      "u32", // socklen_t addrlen
    ],
    result: "i32", // ssize_t
  },
  sendmsg: {
    parameters: ["i32", /* int fd */ "buffer", /* const struct msghdr *msg */ "i32" /* int flags */],
    result: "i32", // ssize_t
  },
  ioctl: { parameters: ["i32", /* int fd */ "u32", /* unsigned long request */ "buffer" /* int * */], result: "i32" },
  close_waiting: { name: "close", parameters: ["i32" /* int fd */], result: "i32", nonblocking: true },
} as const;

/** What the reactor needs. */
const EPOLL_SYMBOLS = {
  epoll_create1: { parameters: ["i32" /* int flags */], result: "i32" },
  epoll_ctl: {
    parameters: [
      "i32", /* int epfd */
      "i32", /* int op */
      "i32", /* int fd */
      "buffer", /* struct epoll_event *event */
    ],
    result: "i32",
  },
  epoll_wait: {
    parameters: [
      "i32", // int epfd
      "buffer", // struct epoll_event *events
      "i32", // int maxevents
      "i32", // int timeout
    ],
    result: "i32",
  },
  epoll_wait_parked: {
    name: "epoll_wait",
    parameters: [
      "i32", // int epfd
      "buffer", // struct epoll_event *events
      "i32", // int maxevents
      "i32", // int timeout
    ],
    result: "i32",
    nonblocking: true,
  },
  eventfd: { parameters: ["u32", /* unsigned int initval */ "i32" /* int flags */], result: "i32" },
  eventfd_write: { parameters: ["i32", /* int fd */ "u64" /* eventfd_t value */], result: "i32" },
  sched_yield: { parameters: [], result: "i32" },
} as const;

/**
 * Functions that read and write memory. memcpy is declared four times in all: to read memory by pointer or by number, to
 * write to a pointer, and to get the address of a buffer. Deno.UnsafePointer and its view could do the same, but they need
 * --allow-ffi without a list of paths.
 */
const MEMORY_SYMBOLS = {
  memcpy_from: {
    name: "memcpy",
    parameters: ["buffer", /* void *dest */ "usize", /* const void *src */ "u32" /* size_t n */],
    result: "void", // void *, dest
  },
  memcpy_to: {
    name: "memcpy",
    parameters: ["pointer", /* void *dest */ "buffer", /* const void *src */ "u32" /* size_t n */],
    result: "void", // void *, dest
  },
  memcpy_address: {
    name: "memcpy",
    parameters: ["buffer", /* void *dest */ "buffer", /* const void *src */ "u32" /* size_t n */],
    result: "u64", // void *, dest
  },
  strlen: { parameters: ["usize" /* const char *s */], result: "u32" }, // size_t
  strlen_behind: { name: "strlen", parameters: ["pointer" /* const char *s */], result: "u32" }, // size_t
} as const;

/**
 * Returns the places where libc may be. The bare name finds the libc that the process uses already, glibc or musl. A
 * second libc in the process would crash. If FFI is granted for some paths only, Deno would look for a bare name in the
 * current directory. So in that case the granted path is used.
 */
function candidates(arch: string): string[] {
  const { state, partial } = Deno.permissions.querySync({ name: "ffi" });
  if (state === "granted" && !partial) return ["libc.so.6"];
  return [
    `/lib/${arch}-linux-gnu/libc.so.6`,
    "/lib64/libc.so.6",
    "/usr/lib/libc.so.6",
    `/lib/ld-musl-${arch}.so.1`,
  ];
}

/** Whether a library may be opened without asking the user. */
function isGranted(path: string): boolean {
  return Deno.permissions.querySync({ name: "ffi", path }).state === "granted";
}

type Functions<S extends Deno.ForeignLibraryInterface> = Deno.DynamicLibrary<S>["symbols"];

/** The functions of libc for connections and datagrams. */
export type LibcTransfer = Functions<typeof TRANSFER_SYMBOLS>;
/** The functions of libc for the reactor. */
export type LibcEpoll = Functions<typeof EPOLL_SYMBOLS>;

let socketFunctions: Functions<typeof SOCKET_SYMBOLS> | undefined;
let transferFunctions: LibcTransfer | undefined;
let epollFunctions: LibcEpoll | undefined;
let memoryFunctions: Functions<typeof MEMORY_SYMBOLS> | undefined;

/** Returns the functions that every socket needs. */
export function libc(): Functions<typeof SOCKET_SYMBOLS> {
  return socketFunctions ??= openLibc(SOCKET_SYMBOLS);
}

/** Returns the functions for connections and datagrams. */
export function libcTransfer(): LibcTransfer {
  return transferFunctions ??= openLibc(TRANSFER_SYMBOLS);
}

/** Returns the functions for the reactor. */
export function libcEpoll(): LibcEpoll {
  return epollFunctions ??= openLibc(EPOLL_SYMBOLS);
}

/** Returns the functions that read and write memory. */
export function libcMemory(): Functions<typeof MEMORY_SYMBOLS> {
  return memoryFunctions ??= openLibc(MEMORY_SYMBOLS);
}

/** Opens libc for some functions. Importing this module opens nothing, so it asks for no permission. */
export function openLibc<const S extends Deno.ForeignLibraryInterface>(symbols: S): Deno.DynamicLibrary<S>["symbols"] {
  const { os, arch } = Deno.build;
  if (os !== "linux" || (arch !== "x86_64" && arch !== "aarch64")) {
    throw new Error(
      `Native sockets need Linux on x86-64 or arm64, this is ${os} on ${arch}; the default backend works here: import "@berkeley/socket"`,
    );
  }
  let reason: unknown;
  // Granted paths first: Deno would ask the user about the others.
  const paths = candidates(arch).sort((one, other) => Number(isGranted(other)) - Number(isGranted(one)));
  for (const path of paths) {
    try {
      return Deno.dlopen(path, symbols).symbols;
    } catch (error) {
      // Deno asked the user about this path, and the user refused.
      if (error instanceof Deno.errors.NotCapable) throw error;
      // There is no library at this path: try the next one.
      reason ??= error;
    }
  }
  throw reason;
}
