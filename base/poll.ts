// poll(2)'s event masks on Linux. epoll's are the same numbers, so one vocabulary serves both.

/** Data, end of stream, an error, or a connection to accept. */
export const POLLIN = 0x001;
/** Urgent data. */
export const POLLPRI = 0x002;
/** Room to send, or a connect that finished either way. */
export const POLLOUT = 0x004;
/** An error is pending. */
export const POLLERR = 0x008;
/** Both directions are closed, or a stream never was connected. */
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
/** The peer will send no more. */
export const POLLRDHUP = 0x2000;
