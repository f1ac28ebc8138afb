// What CPython has and this module leaves out, or has under another name, and why.

/** A name with its place, as `socket.socket.sendmsg_afalg`, and what stands in its stead or the reason that nothing does. */
export const LEFT_OUT: Record<string, string> = {
  "socket.AddressFamily": "an enum class; constants are plain numbers here",
  "socket.AddressInfo": "an enum class; constants are plain numbers here",
  "socket.MsgFlag": "an enum class; constants are plain numbers here",
  "socket.SocketKind": "an enum class; constants are plain numbers here",
  "socket.CAPI": "a table of pointers for CPython's extensions in C",
  "socket.SocketType": "the C class below Python's; `Socket` is the one class, for types and `instanceof`",
  "socket.SocketIO": "`RawFile`, which `makefile(mode, { buffering: 0 })` makes",
  "socket.BDADDR_ANY": "Bluetooth addresses have no shape here",
  "socket.BDADDR_LOCAL": "Bluetooth addresses have no shape here",
  "socket.EBADF": "errno's, imported there for the module's own use; errors carry `errno` and `code`",
  "socket.EAGAIN": "errno's, imported there for the module's own use; errors carry `errno` and `code`",
  "socket.EWOULDBLOCK": "errno's, imported there for the module's own use; errors carry `errno` and `code`",
  "socket.dup": "undocumented; `fromfd(fd, family, type)` and `Socket.dup()` make duplicates",
  "socket.sethostname": "it renames the machine, as root: no matter of sockets",
  "socket.socket.sendmsg_afalg": "Linux's crypto sockets; Deno has Web Crypto",
  "socket.gaierror.filename": "a socket has no file name; `address` says what an error is about",
  "socket.gaierror.filename2": "a socket has no file name; `address` says what an error is about",
  "socket.SocketIO.seek": "a socket has no position; CPython throws UnsupportedOperation",
  "socket.SocketIO.tell": "a socket has no position; CPython throws UnsupportedOperation",
  "socket.SocketIO.truncate": "a socket has no length; CPython throws UnsupportedOperation",
};

/** Families that have their numbers here and no shape of address, by the words that their constants begin with. */
export const NUMBERS_ONLY: [start: RegExp, reason: string][] = [
  [/^(AF_|PF_|SOL_|SO_|SCM_)?(CAN|J1939)(_|$)/, "CAN buses"],
  [/^(AF_|SOL_)?ALG(_|$)/, "Linux's crypto sockets"],
  [/^(AF_|SOL_)?(TIPC)(_|$)/, "TIPC"],
  [/^(AF_|PF_|SOL_)?RDS(_|$)/, "RDS"],
  [/^(AF_BLUETOOTH|BTPROTO_|BDADDR_|BT_|HCI_|SOL_HCI|SOL_(L2CAP|RFCOMM|SCO|BLUETOOTH))/, "Bluetooth"],
  [/^IOCTL_/, "ioctl(2), which CPython's sockets lack on Linux too"],
  [/^SOL_(ATALK|AX25|IPX|NETROM|ROSE)$/, "amateur radio and protocols of the past"],
  [/^AF_/, "families that CPython has no addresses for either, and protocols of the past"],
];

/** Documented names that CPython has on other systems only. */
export const ELSEWHERE: [names: string, system: string, reason: string][] = [
  ["socket.ioctl, share, fromshare, SIO_*, RCVALL_*", "Windows", "Deno reveals neither handles nor ioctl"],
  ["SO_EXCLUSIVEADDRUSE", "Windows", "Deno has no way to set it"],
  ["AF_HYPERV, HV_*, HVSOCKET_*", "Windows", "Deno has no such sockets"],
  ["select.kqueue, kevent, KQ_*, KqueueSelector", "macOS, BSD", "the kernel's own queue; `epoll` works on all systems"],
  ["select.devpoll, DevpollSelector", "Solaris", "Deno does not run there"],
  ["AF_SYSTEM, SYSPROTO_CONTROL, AF_LINK, LOCAL_*", "macOS, BSD", "native.ts is Linux's, and Deno has no such sockets"],
  ["AF_DIVERT, IPPROTO_DIVERT, SO_RTABLE, SO_USER_COOKIE, SO_SETFIB", "BSD", "Deno has no release for it"],
];
