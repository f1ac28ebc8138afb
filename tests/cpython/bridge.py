"""The Python end of the bridge: modules `socket` and `select` whose calls are made by this package in a Deno process.

    python3 bridge.py DENO BACKEND test.test_socket

reads the names of CPython's own tests from standard input and runs them over this package. It prints lines of JSON: the
name of each test, its outcome and the reason. run.ts starts it.
"""

import base64
import collections
import enum
import errno
import functools
import io
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
import time
import types
import unittest
import weakref

import select as real_select
import socket as real_socket


class RangeError(ValueError, OverflowError):
    """JavaScript's RangeError. Python has two classes for such errors."""


class Bridge:
    """Makes calls over the bridge. Each call has a number, and may come from any thread."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.numbers = itertools.count(1)
        self.waiting = {}
        self.lock = threading.Lock()
        self.dropped = collections.deque()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            reply = json.loads(line)
            self.waiting.pop(reply["id"]).put(reply)

    def drop(self, number):
        """Drops an object with the next call. The garbage collector calls this, also in a thread that holds the lock."""
        self.dropped.append(number)

    def ask(self, target, kind, name, args=()):
        buffers = []
        number = next(self.numbers)
        answer = self.waiting[number] = queue.SimpleQueue()
        request = {"id": number, "target": target, "kind": kind, "name": name,
                   "args": [encode(arg, buffers) for arg in args]}
        line = json.dumps(request).encode() + b"\n"
        with self.lock:
            while self.dropped:
                drop = {"id": 0, "target": self.dropped.popleft(), "kind": "drop", "name": "", "args": []}
                self.process.stdin.write(json.dumps(drop).encode() + b"\n")
            self.process.stdin.write(line)
            self.process.stdin.flush()
        reply = answer.get()
        if "error" in reply:
            raise exception(reply["error"])
        value = reply.get("value")
        if isinstance(value, dict) and "filled" in value:
            for buffer, data in zip(buffers, value["filled"]):
                view = memoryview(buffer).cast("B")
                view[:] = base64.b64decode(data["bytes"])
            value = value["result"]
        return decode(value)


class Buffer:
    """Memory that a call fills."""

    def __init__(self, buffer):
        view = memoryview(buffer)
        if view.readonly:
            raise TypeError("read-write bytes-like object expected")
        self.buffer = buffer


class FileName:
    """A file that the other end opens."""

    def __init__(self, name):
        self.name = name


def encode(value, buffers):
    if isinstance(value, FileName):
        return {"file": value.name}
    if isinstance(value, Buffer):
        buffers.append(value.buffer)
        return {"buffer": base64.b64encode(bytes(memoryview(value.buffer).cast("B"))).decode()}
    if isinstance(value, Proxy):
        return {"object": value._number}
    if isinstance(value, (list, tuple)):
        return [encode(item, buffers) for item in value]
    if isinstance(value, dict):
        return {"options": {key: encode(item, buffers) for key, item in value.items()}}
    if isinstance(value, str) and not value.isprintable():
        # Surrogates represent bytes that are not UTF-8. They are converted back to those bytes.
        raw = value.encode("utf-8", "surrogateescape")
        return value if raw.decode("utf-8", "replace") == value else encode(raw, buffers)
    if value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, int):
        return value if isinstance(value, bool) else int(value)
    try:
        return {"bytes": base64.b64encode(bytes(memoryview(value))).decode()}
    except TypeError:
        raise TypeError(f"a bytes-like object is required, not '{type(value).__name__}'") from None


def decode(value):
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        if "bytes" in value:
            return base64.b64decode(value["bytes"])
        return Handle(value["object"], value["class"])
    return value


class Handle:
    """An object at the other end, before it gets its Python class."""

    def __init__(self, number, name):
        self.number = number
        self.name = name


CLASSES = {"TypeError": TypeError, "RangeError": RangeError, "gaierror": real_socket.gaierror,
           "herror": real_socket.herror, "TimeoutError": TimeoutError, "UnsupportedOperation": io.UnsupportedOperation}


def exception(error):
    classes = error["classes"]
    if "AggregateError" in classes:
        return ExceptionGroup(error["message"], [exception(one) for one in error["errors"]])
    for name in classes:
        if name in CLASSES and not (name == "TimeoutError" and error.get("errno")):
            known = CLASSES[name]
            if name in ("gaierror", "herror") and error.get("errno") is not None:
                return known(error["errno"], error["strerror"])
            return known(error["message"])
    if "OSError" in classes:
        if error.get("errno") is not None:
            return OSError(error["errno"], error["strerror"])
        return OSError(error["message"])
    return RuntimeError(f"{error['name']}: {error['message']}")


class Proxy:
    """An object at the other end."""

    _number = 0

    def _ask(self, name, *args):
        return bridge.ask(self._number, "call", name, args)

    def _get(self, name):
        return bridge.ask(self._number, "get", name)


bridge = None


def address(value):
    """Converts an address to Python's form: lists become tuples."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, str) and value[:1] == "\0":
        return value.encode()
    if isinstance(value, bytes) and value[:1] != b"\0":
        return value.decode("utf-8", "surrogateescape")
    return value


def seconds(value):
    """Converts a time to a float. JSON does not distinguish integers and floats."""
    return None if value is None else float(value)


def bound(enumeration, value):
    try:
        return enumeration(value)
    except ValueError:
        return value


class socket(Proxy):
    """The class of this package's sockets."""

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        if fileno is None:
            family = real_socket.AF_INET if family == -1 else family
            type = real_socket.SOCK_STREAM if type == -1 else type
            proto = 0 if proto == -1 else proto
        elif isinstance(fileno, float):
            raise TypeError("integer argument expected, got float")
        self._adopt(bridge.ask(0, "call", "socket", (family, type, proto, fileno)))

    def _adopt(self, handle):
        self._number = handle.number
        self._dropped = weakref.finalize(self, bridge.drop, handle.number)
        self._dropped.atexit = False

    @classmethod
    def _of(cls, handle):
        made = cls.__new__(cls)
        made._adopt(handle)
        return made

    family = property(lambda self: bound(real_socket.AddressFamily, self._get("family")))
    type = property(lambda self: bound(real_socket.SocketKind, self._get("type")))
    proto = property(lambda self: self._get("proto"))
    timeout = property(lambda self: seconds(self._get("timeout")))
    _closed = property(lambda self: self.fileno() == -1)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def __repr__(self):
        text = f"<socket.socket {'[closed] ' if self.fileno() == -1 else ''}fd={self.fileno()}, family={self.family}, type={self.type}, proto={self.proto}"
        for name, ask in (("laddr", self.getsockname), ("raddr", self.getpeername)):
            try:
                text += f", {name}={ask()}"
            except OSError:
                pass
        return text + ">"

    def __getstate__(self):
        raise TypeError(f"cannot pickle {self.__class__.__name__!r} object")

    def fileno(self):
        return self._ask("fileno")

    def bind(self, addr):
        return self._ask("bind", addr)

    def listen(self, backlog=128):
        return self._ask("listen", backlog)

    def accept(self):
        conn, addr = self._ask("accept")
        return socket._of(conn), address(addr)

    def connect(self, addr):
        return self._ask("connect", addr)

    def connect_ex(self, addr):
        return self._ask("connect_ex", addr)

    def close(self):
        return self._ask("close")

    def detach(self):
        return self._ask("detach")

    def dup(self):
        return self.__class__._of(self._ask("dup"))

    def shutdown(self, how):
        return self._ask("shutdown", how)

    def getsockname(self):
        return address(self._ask("getsockname"))

    def getpeername(self):
        return address(self._ask("getpeername"))

    def settimeout(self, value):
        return self._ask("settimeout", value)

    def gettimeout(self):
        return seconds(self._ask("gettimeout"))

    def setblocking(self, flag):
        return self._ask("setblocking", bool(flag))

    def getblocking(self):
        return self._ask("getblocking")

    def get_inheritable(self):
        return self._ask("get_inheritable")

    def set_inheritable(self, inheritable):
        return self._ask("set_inheritable", inheritable)

    def getsockopt(self, level, name, *size):
        return self._ask("getsockopt", level, name, *size)

    def setsockopt(self, level, name, *value):
        if len(value) == 2:
            raise unittest.SkipTest("setsockopt with a NULL value has no form here")
        if isinstance(value[0], str):
            raise TypeError("a bytes-like object is required, not 'str'")
        return self._ask("setsockopt", level, name, *value)

    def send(self, data, flags=0):
        return self._ask("send", only_bytes(data), flags)

    def sendall(self, data, flags=0):
        return self._ask("sendall", only_bytes(data), flags)

    def sendto(self, data, *rest):
        if not 1 <= len(rest) <= 2:
            raise TypeError(f"sendto() takes 2 or 3 arguments ({1 + len(rest)} given)")
        if len(rest) == 2 and not isinstance(rest[0], int):
            raise TypeError("an integer is required")
        if rest[-1] is None or isinstance(rest[-1], (int, str)) and self.family != real_socket.AF_UNIX:
            raise TypeError(f"sendto(): AF_INET address must be tuple, not {type(rest[-1]).__name__}")
        return self._ask("sendto", only_bytes(data), *rest)

    def sendmsg(self, buffers, ancdata=(), flags=0, addr=None):
        return self._ask("sendmsg", [only_bytes(one) for one in buffers],
                         [tuple(one) if not isinstance(one, (bytes, str)) else one for one in ancdata], flags, addr)

    def recv(self, size, flags=0):
        return self._ask("recv", size, flags)

    def recvfrom(self, size, flags=0):
        data, addr = self._ask("recvfrom", size, flags)
        return data, address(addr)

    def recv_into(self, buffer, nbytes=0, flags=0):
        return self._ask("recv_into", Buffer(buffer), nbytes, flags)

    def recvfrom_into(self, buffer, nbytes=0, flags=0):
        count, addr = self._ask("recvfrom_into", Buffer(buffer), nbytes, flags)
        return count, address(addr)

    def recvmsg(self, size, ancsize=0, flags=0):
        data, ancillary, answered, addr = self._ask("recvmsg", size, ancsize, flags)
        return data, [tuple(one) for one in ancillary], answered, address(addr)

    def recvmsg_into(self, buffers, ancsize=0, flags=0):
        count, ancillary, answered, addr = self._ask("recvmsg_into", [Buffer(one) for one in buffers], ancsize, flags)
        return count, [tuple(one) for one in ancillary], answered, address(addr)

    def sendfile(self, file, offset=0, count=None):
        if isinstance(file, io.TextIOBase) or hasattr(file, "mode") and "b" not in file.mode:
            raise ValueError("files must be opened in binary mode")
        sent = self._ask("sendfile", FileName(file.name), offset, count)
        file.seek(offset + sent)
        return sent

    _sendfile_use_send = _sendfile_use_sendfile = sendfile

    def makefile(self, mode="r", buffering=None, *, encoding=None, errors=None, newline=None):
        options = {}
        for name, value in (("buffering", buffering), ("encoding", encoding), ("errors", errors), ("newline", newline)):
            if value is not None:
                options[name] = value
        return File(self._ask("makefile", mode, options), mode)


def only_bytes(data):
    """Refuses text, as Python's calls do. The calls of this package accept it."""
    try:
        return memoryview(data)
    except TypeError:
        raise TypeError(f"a bytes-like object is required, not '{type(data).__name__}'") from None


class File(Proxy):
    """The result of makefile."""

    def __init__(self, handle, mode):
        self._number = handle.number
        self._text = "b" not in mode

    closed = property(lambda self: self._get("closed"))
    name = property(lambda self: self._get("name"))
    mode = property(lambda self: self._get("mode"))
    encoding = property(lambda self: self._get("encoding"))

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def read(self, *size):
        return self._ask("read", *size)

    def peek(self, size=0):
        return self._ask("peek")

    def readline(self, *size):
        return self._ask("readline", *size)

    def readlines(self, *hint):
        return self._ask("readlines", *hint)

    def readinto(self, buffer):
        return self._ask("readinto", Buffer(buffer))

    def write(self, data):
        if not self._text:
            data = only_bytes(data)
        return self._ask("write", data)

    def writelines(self, lines):
        return self._ask("writelines", list(lines))

    def flush(self):
        return self._ask("flush")

    def close(self):
        return self._ask("close")

    def fileno(self):
        return self._ask("fileno")

    def readable(self):
        return self._ask("readable")

    def writable(self):
        return self._ask("writable")

    def seekable(self):
        return self._ask("seekable")


def ask(name):
    return lambda *args: tuples(bridge.ask(0, "call", name, args))


def tuples(value):
    return tuple(tuples(item) for item in value) if isinstance(value, list) else value


def options_of(**given):
    return {key: value for key, value in given.items() if value is not None}


def make_socket_module():
    """Makes a module `socket` with the constants of Python's module and the calls of this package."""
    module = types.ModuleType("socket", real_socket.__doc__)
    for name in dir(real_socket):
        value = getattr(real_socket, name)
        if name.startswith("__") and name != "__all__":
            continue
        if isinstance(value, (int, str, list)) or isinstance(value, type) and issubclass(value, (BaseException, enum.Enum)):
            setattr(module, name, value)
    for name in ("EBADF", "EAGAIN", "EWOULDBLOCK", "SocketIO", "CAPI", "errorTab"):
        if hasattr(real_socket, name):
            setattr(module, name, getattr(real_socket, name))
    for name in ("gethostbyname", "gethostname", "getservbyname", "getservbyport", "getprotobyname", "getfqdn",
                 "inet_aton", "inet_ntoa", "inet_pton", "inet_ntop", "htons", "htonl", "ntohs", "ntohl",
                 "if_nametoindex", "if_indextoname", "setdefaulttimeout", "CMSG_LEN", "CMSG_SPACE"):
        setattr(module, name, ask(name))
    module.getdefaulttimeout = lambda: seconds(bridge.ask(0, "call", "getdefaulttimeout"))
    module.has_ipv6 = True
    module.has_dualstack_ipv6 = ask("has_dualstack_ipv6")
    module.if_nameindex = lambda: [tuple(one) for one in bridge.ask(0, "call", "if_nameindex")]
    module.getnameinfo = lambda addr, flags: tuple(bridge.ask(0, "call", "getnameinfo", (addr, flags)))

    def host_entry(name):
        def call(host):
            hostname, aliases, addresses = bridge.ask(0, "call", name, (host,))
            return hostname, aliases, addresses
        return call

    module.gethostbyname_ex = host_entry("gethostbyname_ex")
    module.gethostbyaddr = host_entry("gethostbyaddr")

    def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
        found = bridge.ask(0, "call", "getaddrinfo", (host, port, family, type, proto, flags))
        return [(bound(real_socket.AddressFamily, f), bound(real_socket.SocketKind, t), p, name, tuple(addr))
                for f, t, p, name, addr in found]

    module.getaddrinfo = getaddrinfo
    module.socket = module.SocketType = socket
    unset = module._GLOBAL_DEFAULT_TIMEOUT = object()

    def create_connection(addr, timeout=unset, source_address=None, *, all_errors=False):
        if timeout is unset:
            timeout = module.getdefaulttimeout()
        args = (addr, timeout, source_address, {"all_errors": all_errors})
        return socket._of(bridge.ask(0, "call", "create_connection", args))

    def create_server(addr, *, family=real_socket.AF_INET, backlog=None, reuse_port=False, dualstack_ipv6=False):
        given = options_of(family=family, backlog=backlog, reuse_port=reuse_port, dualstack_ipv6=dualstack_ipv6)
        return socket._of(bridge.ask(0, "call", "create_server", (addr, given)))

    def socketpair(family=real_socket.AF_UNIX, type=real_socket.SOCK_STREAM, proto=0):
        return tuple(socket._of(one) for one in bridge.ask(0, "call", "socketpair", (family, type, proto)))

    def fromfd(fd, family, type, proto=0):
        return socket._of(bridge.ask(0, "call", "fromfd", (fd, family, type, proto)))

    module.create_connection = create_connection
    module.create_server = create_server
    module.socketpair = socketpair
    module.fromfd = fromfd
    module.close = ask("close")
    return module


def make_select_module():
    """Makes a module `select` whose functions accept the sockets of this package."""
    module = types.ModuleType("select")
    for name in dir(real_select):
        if not name.startswith("__"):
            setattr(module, name, getattr(real_select, name))

    def select(reading, writing, exceptional, timeout=None):
        given = [[number_of(item) for item in one] for one in (reading, writing, exceptional)]
        found = bridge.ask(0, "call", "select", (*given, timeout))
        numbers = {item._number: item for items in given for item in items if isinstance(item, Proxy)}
        return tuple([numbers.get(one.number, one) if isinstance(one, Handle) else one for one in items] for items in found)

    # A partial object: tests store `select` in a class, which would make a method of a function.
    module.select = functools.partial(select)
    module.poll = Poll
    module.epoll = Epoll
    return module


class Waiting(Proxy):
    """The common methods of poll and epoll objects."""

    def register(self, fd, *mask):
        return self._ask("register", number_of(fd), *mask)

    def modify(self, fd, mask):
        return self._ask("modify", number_of(fd), mask)

    def unregister(self, fd):
        try:
            return self._ask("unregister", number_of(fd))
        except RuntimeError as error:
            if str(error).startswith("KeyError"):
                raise KeyError(fd) from None
            raise


def number_of(fd):
    """Converts an argument to a descriptor, as Python does."""
    if isinstance(fd, (int, Proxy)):
        return fd
    if not hasattr(fd, "fileno"):
        raise TypeError("argument must be an int, or have a fileno() method.")
    number = fd.fileno()
    if not isinstance(number, int):
        raise TypeError("fileno() returned a non-integer")
    return number


class Poll(Waiting):
    def __init__(self):
        self._number = bridge.ask(0, "call", "poll").number

    def poll(self, timeout=None):
        return [tuple(one) for one in self._ask("poll", timeout)]


class Epoll(Waiting):
    def __init__(self, sizehint=-1, flags=0):
        if not isinstance(sizehint, int):
            raise TypeError(f"'{type(sizehint).__name__}' object cannot be interpreted as an integer")
        self._number = bridge.ask(0, "call", "epoll", (sizehint, flags)).number

    closed = property(lambda self: self._get("closed"))

    def __enter__(self):
        if self.closed:
            raise ValueError("I/O operation on closed epoll object")
        return self

    def __exit__(self, *args):
        self.close()

    @classmethod
    def fromfd(cls, fd):
        made = cls.__new__(cls)
        made._number = bridge.ask(bridge.ask(0, "get", "epoll").number, "call", "fromfd", (fd,)).number
        return made

    def fileno(self):
        return self._ask("fileno")

    def close(self):
        return self._ask("close")

    def poll(self, timeout=None, maxevents=-1):
        if timeout is not None and not isinstance(timeout, (int, float)):
            raise TypeError(f"'{type(timeout).__name__}' object cannot be interpreted as a number")
        return [tuple(one) for one in self._ask("poll", -1 if timeout is None else timeout, maxevents)]


def name_of(test):
    """Returns a test's name without the name of its module."""
    return test.id().split(".", 2)[-1]


class Result(unittest.TestResult):
    """Prints each test's start and outcome."""

    def startTest(self, test):
        super().startTest(test)
        print(json.dumps({"start": name_of(test)}), flush=True)

    def report(self, test, outcome, why=""):
        print(json.dumps({"test": name_of(test), "outcome": outcome, "why": why}), flush=True)

    def addSuccess(self, test):
        self.report(test, "passed")

    def addSkip(self, test, reason):
        self.report(test, "skipped", reason)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.report(test, "failed", self._exc_info_to_string(error, test))

    def addError(self, test, error):
        super().addError(test, error)
        self.report(test, "failed", self._exc_info_to_string(error, test))

    def addExpectedFailure(self, test, error):
        self.report(test, "passed")

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.report(test, "failed", self._exc_info_to_string(error, test))


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def main():
    """Runs the tests whose names are in standard input, one per line."""
    global bridge
    # run.ts kills the whole process group if a test hangs.
    os.setpgrp()
    deno, backend, name = sys.argv[1:]
    wanted = set(sys.stdin.read().split())
    here = os.path.dirname(os.path.abspath(__file__))
    config = os.path.join(here, "..", "..", "deno.json")
    bridge = Bridge([deno, "run", "-A", "--no-check", "--config", config, os.path.join(here, "bridge.ts"), backend])
    sys.modules["socket"] = make_socket_module()
    sys.modules["select"] = make_select_module()
    # CPython's TLS needs descriptors of its own process. Tests of TLS are skipped if the module is missing.
    sys.modules["ssl"] = None
    # The classes of selectors are CPython's. They then use this package's select, poll and epoll.
    sys.modules.pop("selectors", None)
    import importlib
    import test.support
    # This is more than the buffers of a connection hold. CPython's 16 MB would take seconds as JSON.
    test.support.SOCK_MAX_SIZE = 4 << 20
    module = importlib.import_module(name)
    if "native" not in backend and hasattr(module, "SendrecvmsgConnectedBase"):
        # The clients of these tests bind before they connect. No test needs it, and the default backend cannot do it.
        module.SendrecvmsgConnectedBase.bindClient = lambda self: setattr(self, "cli_addr", None)
    if "native" not in backend and hasattr(module, "DummyFTPHandler"):
        # The server of these tests sets SO_OOBINLINE, which Deno does not have. Only the command ABOR needs it.
        set_option = socket.setsockopt
        socket.setsockopt = lambda self, level, name, *value: (
            None if name == real_socket.SO_OOBINLINE else set_option(self, level, name, *value))
    if hasattr(module, "setUpModule"):
        module.setUpModule()
    tests = flatten(unittest.defaultTestLoader.loadTestsFromModule(module))
    unittest.TestSuite(test for test in tests if name_of(test) in wanted).run(Result())
    bridge.process.kill()
    os._exit(0)


if __name__ == "__main__":
    main()
