// The kernel's numbers that only this backend needs. They are the same on x86-64 and arm64. The constants that Python has
// are in base/constants.

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

/** A control message with a descriptor of the sender's process (SO_PASSPIDFD). Python does not have it. */
export const SCM_PIDFD = 4;

/** The largest number of bytes that one call moves (MAX_RW_COUNT). */
export const MOST_BYTES = 0x7ffff000;

export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLL_CLOEXEC = 0o2000000;
/** Edge-triggered: epoll reports changes, and not levels. */
export const EPOLLET = 1 << 31;
export const EFD_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;

/** A socket option that Python does not have: 64 bits that identify a socket in the kernel. */
export const SO_COOKIE = 57;

/** SO_RCVTIMEO and SO_SNDTIMEO with 64-bit times. On 64-bit systems they are equivalent to Python's two constants. */
export const SO_RCVTIMEO_NEW = 66;
export const SO_SNDTIMEO_NEW = 67;

/** ioctl: the number of bytes that can be read. */
export const FIONREAD = 0x541b;

export const EAGAIN = 11;
export const EEXIST = 17;
export const ECONNABORTED = 103;
export const ENOTCONN = 107;
export const EALREADY = 114;
export const EINPROGRESS = 115;
