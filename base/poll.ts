// The constants of CPython's select module on Linux, first those of poll(2). The events of epoll have the same numbers.

/** Data, end of stream, an error, or a connection to accept. */
export const POLLIN = 0x001;
/** Urgent data. */
export const POLLPRI = 0x002;
/** Room to send, or a connect that has ended. */
export const POLLOUT = 0x004;
/** An error is pending. */
export const POLLERR = 0x008;
/** Both directions are closed, or a stream was never connected. */
export const POLLHUP = 0x010;
/** The descriptor is not open. */
export const POLLNVAL = 0x020;
/** As POLLIN, for normal data. */
export const POLLRDNORM = 0x040;
/** Priority band data. */
export const POLLRDBAND = 0x080;
/** As POLLOUT, for normal data. */
export const POLLWRNORM = 0x100;
/** Priority band data may be written. */
export const POLLWRBAND = 0x200;
/** Unused on Linux. */
export const POLLMSG = 0x400;
/** The peer will send no more data. */
export const POLLRDHUP = 0x2000;

// The rest of CPython's select module.

/** For {@linkcode epoll}: data, end of stream, or a connection to accept. */
export const EPOLLIN = 0x001;
/** For {@linkcode epoll}: urgent data. */
export const EPOLLPRI = 0x002;
/** For {@linkcode epoll}: room to send, or a connect that has ended. */
export const EPOLLOUT = 0x004;
/** For {@linkcode epoll}: an error is pending. Always reported. */
export const EPOLLERR = 0x008;
/** For {@linkcode epoll}: both directions are closed, or a stream was never connected. Always reported. */
export const EPOLLHUP = 0x010;
/** For {@linkcode epoll}: as EPOLLIN, for normal data. */
export const EPOLLRDNORM = 0x040;
/** For {@linkcode epoll}: priority band data. */
export const EPOLLRDBAND = 0x080;
/** For {@linkcode epoll}: as EPOLLOUT, for normal data. */
export const EPOLLWRNORM = 0x100;
/** For {@linkcode epoll}: priority band data may be written. */
export const EPOLLWRBAND = 0x200;
/** For {@linkcode epoll}: unused on Linux. */
export const EPOLLMSG = 0x400;
/** For {@linkcode epoll}: the peer will send no more data. */
export const EPOLLRDHUP = 0x2000;
/** For {@linkcode epoll}: if several epolls wait for the same event, wake one and not all. */
export const EPOLLEXCLUSIVE = 0x10000000;
/** For {@linkcode epoll}: report once, and not again before `modify`. */
export const EPOLLONESHOT = 0x40000000;
/** For {@linkcode epoll}: edge-triggered. An event is reported when it occurs, and not again while it holds. */
export const EPOLLET = 0x80000000;
/** The only flag of {@linkcode epoll}. It has no effect here: epolls are never inherited by other programs. */
export const EPOLL_CLOEXEC = 0x80000;
/** The largest write to a pipe that is not divided, in bytes; see pipe(7). */
export const PIPE_BUF = 4096;
