// CPython's tests that do not apply to this package, with the reasons.

/** A rule: the tests whose names match do not apply, for this reason. */
export type Exception = [tests: RegExp, reason: string];

const SIGNALS = "signals: a call here is awaited, so no signal handler can run during it";
const INTERNALS = "CPython's own internals: _socket, private methods, reference counts, enum classes, warnings, mocks";
const FILES = "CPython's io classes";
const OTHER_PROCESS = "descriptors of the test's own process, which the bridge's process does not have";
const FORK = "fork: a child process cannot share the bridge with its parent";
const VSOCK =
  "the hypervisor decides whether a machine can connect to itself by AF_VSOCK: CPython's call waits as well";
const KNOWN_KIND = "socket() ignores the family and type that are given with a descriptor of this module";

const EVERYWHERE: Record<string, Exception[]> = {
  test_socket: [
    [/interrupted|Interrupted/, SIGNALS],
    [/RefCount|SocketType_is|csocket_repr|dealloc_warn|SocketCloseException|sendfile_use_sendfile/, INTERNALS],
    [/PurePythonSocketPair|test_socket_methods|test_create_connection_timeout|MakefileCloseSocketDestroy/, INTERNALS],
    [/test_name_closed_socketio|testReadAfterTimeout|testNonRegularFile/, FILES],
    [
      /SCMRights|testFDPass|SendRecvFds|able_cloexec|requires_valid_fd|testSetBlocking|testInitNonBlocking|test_SOCK_NONBLOCK/,
      OTHER_PROCESS,
    ],
    [/ThreadedVSOCK/, VSOCK],
    [/unknown_socket_family_repr/, KNOWN_KIND],
  ],
  test_select: [[/test_errno|test_select$|test_select_mutated/, OTHER_PROCESS], [/disallow_instantiation/, INTERNALS]],
  test_poll: [[/test_poll1|test_poll2|test_poll_unit|blocks_with_negative|threaded/, OTHER_PROCESS]],
  test_epoll: [[/non_inheritable/, OTHER_PROCESS]],
  test_socketserver: [[/[Ff]orking/, FORK]],
  test_asyncore: [[/FileWrapperTest/, OTHER_PROCESS]],
  test_selectors: [
    [/fd_close_and_reuse|register_file/, OTHER_PROCESS],
    [/above_fd_setsize/, "limits of the test's own process, which are not those of the bridge's"],
  ],
};

/** Features that Deno's net API does not have. The default backend refuses them. */
const DENO: Record<string, Exception[]> = {
  test_socket: [
    [/UDPLITE|VSOCK/, "Deno has TCP, UDP and Unix sockets"],
    [/RFC3542/, "Deno has no control messages"],
    [/test_tcp6|test_ipv6_only_default/, "Deno cannot set IPV6_V6ONLY"],
    [/testSourceAddress|testBind/, "Deno cannot bind a stream before it connects"],
    [/InheritanceTest|fileno_requires_socket_fd/, "Deno does not reveal descriptors"],
    [/testUnencodableAddr|testLinuxAbstractNamespace/, "Deno takes Unix paths as text"],
  ],
  test_asyncore: [
    [/test_create_socket/, "Deno does not reveal descriptors"],
    [/test_handle_expt/, "Deno has no urgent data"],
    [/test_quick_connect/, "Deno has no SO_LINGER"],
  ],
  test_ftplib: [
    [/test_abort/, "Deno has no urgent data"],
    [/source_address/, "Deno cannot bind a stream before it connects"],
    [/IPv6Environment.test_(makeport|transfer)/, "Deno cannot set IPV6_V6ONLY"],
  ],
  test_httplib: [[/SourceAddress/, "Deno cannot bind a stream before it connects"]],
};

/** Returns the rules for a suite on a backend. */
export function exceptions(suite: string, backend: string): Exception[] {
  const own = backend === "native" ? [] : DENO[suite] ?? [];
  return [...EVERYWHERE[suite] ?? [], ...own];
}
