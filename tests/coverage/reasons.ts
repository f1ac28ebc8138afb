// The names of CPython that this module leaves out or has under another name, with reasons.

/** A name with its place, as `socket.socket.sendmsg_afalg`, and its replacement or the reason why there is none. */
export const LEFT_OUT: Record<string, string> = {
  "socket.AddressFamily": "an enum class; here constants are plain numbers",
  "socket.AddressInfo": "an enum class; here constants are plain numbers",
  "socket.MsgFlag": "an enum class; here constants are plain numbers",
  "socket.SocketKind": "an enum class; here constants are plain numbers",
  "socket.CAPI": "a table of pointers for CPython's extensions in C",
  "socket.SocketType": "the C class that Python's `socket` class extends; `Socket` is the only class here",
  "socket.SocketIO": "`RawFile`, which `makefile(mode, { buffering: 0 })` makes",
  "socket.BDADDR_ANY": "Bluetooth addresses are not supported",
  "socket.BDADDR_LOCAL": "Bluetooth addresses are not supported",
  "socket.EBADF": "a name of errno that CPython's module only imports; errors have `errno` and `code`",
  "socket.EAGAIN": "a name of errno that CPython's module only imports; errors have `errno` and `code`",
  "socket.EWOULDBLOCK": "a name of errno that CPython's module only imports; errors have `errno` and `code`",
  "socket.dup": "undocumented; `fromfd(fd, family, type)` and `Socket.dup()` make duplicates",
  "socket.sethostname": "renames the machine, as root",
  "socket.socket.sendmsg_afalg": "Linux's crypto sockets; Deno has Web Crypto",
  "socket.gaierror.filename": "a socket has no file name; see `address`",
  "socket.gaierror.filename2": "a socket has no file name; see `address`",
  "socket.SocketIO.seek": "a socket has no position; CPython throws UnsupportedOperation",
  "socket.SocketIO.tell": "a socket has no position; CPython throws UnsupportedOperation",
  "socket.SocketIO.truncate": "a socket has no length; CPython throws UnsupportedOperation",
};

/** Families that have constants here, but no addresses: the beginnings of the names of their constants. */
export const NUMBERS_ONLY: [start: RegExp, reason: string][] = [
  [/^(AF_|PF_|SOL_|SO_|SCM_)?(CAN|J1939)(_|$)/, "CAN buses"],
  [/^(AF_|SOL_)?ALG(_|$)/, "Linux's crypto sockets"],
  [/^(AF_|SOL_)?(TIPC)(_|$)/, "TIPC"],
  [/^(AF_|PF_|SOL_)?RDS(_|$)/, "RDS"],
  [/^(AF_BLUETOOTH|BTPROTO_|BDADDR_|BT_|HCI_|SOL_HCI|SOL_(L2CAP|RFCOMM|SCO|BLUETOOTH))/, "Bluetooth"],
  [/^IOCTL_/, "ioctl(2), which CPython's sockets do not have on Linux either"],
  [/^SOL_(ATALK|AX25|IPX|NETROM|ROSE)$/, "amateur radio and protocols of the past"],
  [/^AF_/, "families without addresses in CPython either, and protocols of the past"],
];

/** Documented names that CPython has on other systems only. */
export const ELSEWHERE: [names: string, system: string, reason: string][] = [
  ["socket.ioctl, share, fromshare, SIO_*, RCVALL_*", "Windows", "Deno reveals neither handles nor ioctl"],
  ["SO_EXCLUSIVEADDRUSE", "Windows", "Deno has no way to set it"],
  ["AF_HYPERV, HV_*, HVSOCKET_*", "Windows", "Deno has no such sockets"],
  [
    "select.kqueue, kevent, KQ_*, KqueueSelector",
    "macOS, BSD",
    "a queue of those kernels; `epoll` works on all systems here",
  ],
  ["select.devpoll, DevpollSelector", "Solaris", "Deno does not run there"],
  [
    "AF_SYSTEM, SYSPROTO_CONTROL, AF_LINK, LOCAL_*",
    "macOS, BSD",
    "native sockets need Linux, and Deno has no such sockets",
  ],
  ["AF_DIVERT, IPPROTO_DIVERT, SO_RTABLE, SO_USER_COOKIE, SO_SETFIB", "BSD", "Deno is not released for BSD"],
];
