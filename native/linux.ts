// The kernel's numbers that only this backend needs; the same on x86-64 and arm64. What Python names is in base/constants.

/** fcntl: the flags of the descriptor. */
export const F_GETFD = 1;
export const F_SETFD = 2;
export const FD_CLOEXEC = 1;
/** fcntl: the flags of the open file. */
export const F_GETFL = 3;
export const F_SETFL = 4;
/** fcntl: another descriptor for the same open file, closed when another program is executed. */
export const F_DUPFD_CLOEXEC = 1030;
export const O_NONBLOCK = 0o4000;

/** What one call moves at most (MAX_RW_COUNT). */
export const MOST_BYTES = 0x7ffff000;

export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLL_CLOEXEC = 0o2000000;
/** The reactor hears of news, not of levels. */
export const EPOLLET = 1 << 31;
export const EFD_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;

/** A socket option that Python does not name: 64 bits by which the kernel knows a socket. */
export const SO_COOKIE = 57;

/** SO_RCVTIMEO and SO_SNDTIMEO with 64-bit times on every system; here they are those that Python names, once more. */
export const SO_RCVTIMEO_NEW = 66;
export const SO_SNDTIMEO_NEW = 67;

/** ioctl: how many bytes can be read. */
export const FIONREAD = 0x541b;

export const EAGAIN = 11;
export const EEXIST = 17;
export const ECONNABORTED = 103;
export const ENOTCONN = 107;
export const EALREADY = 114;
export const EINPROGRESS = 115;
