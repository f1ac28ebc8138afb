// CPython's tests that do not apply to this package, with the reasons.

/** One rule: tests whose names match do not apply, for a reason. */
export type Exception = [tests: RegExp, reason: string];

const SIGNALS = "signals: a call here is awaited, and no signal handler runs inside of it";
const INTERNALS = "CPython's own internals: _socket, reference counts, enum classes, warnings";
const FILES = "CPython's io classes";
const OTHER_PROCESS = "descriptors of the test's own process, which the bridge's process does not have";

const EVERYWHERE: Record<string, Exception[]> = {
  test_socket: [
    [/interrupted|Interrupted/, SIGNALS],
    [/RefCount|SocketType_is|csocket_repr|dealloc_warn|SocketCloseException|sendfile_use_sendfile/, INTERNALS],
    [/test_name_closed_socketio|testReadAfterTimeout/, FILES],
    [/SCMRights|testFDPass|SendRecvFds/, OTHER_PROCESS],
  ],
  test_select: [[/./, OTHER_PROCESS]],
  test_poll: [[/test_poll1|test_poll2|blocks_with_negative|threaded/, OTHER_PROCESS]],
  test_epoll: [[/non_inheritable/, OTHER_PROCESS]],
  test_selectors: [[/fd_close_and_reuse|register_file/, OTHER_PROCESS]],
};

/** The rules for a suite over a backend. */
export function exceptions(suite: string, _backend: string): Exception[] {
  return EVERYWHERE[suite] ?? [];
}
