"""Runs scenarios on CPython's sockets: one line of JSON in, one line of JSON out; see interpreter.ts.

A scenario is {"id", "family", "steps"}; a step is [operation, slot, ...]. The trace has an entry per step: a value, or
{"error": class, "errno": number}. A call that would wait for ever answers "pending".
"""

import ctypes
import fcntl
import json
import os
import select
import shutil
import socket
import struct
import sys
import tempfile
import termios
import threading
from concurrent.futures import ThreadPoolExecutor

# How long a call without timeout may wait before it counts as pending.
PATIENCE = 0.015
RANGE = (ValueError, OverflowError)
KINDS = {
    "TCP": (socket.AF_INET, socket.SOCK_STREAM),
    "TCP6": (socket.AF_INET6, socket.SOCK_STREAM),
    "UNIX": (socket.AF_UNIX, socket.SOCK_STREAM),
    "UDP": (socket.AF_INET, socket.SOCK_DGRAM),
    "UDP6": (socket.AF_INET6, socket.SOCK_DGRAM),
    "UNIX datagrams": (socket.AF_UNIX, socket.SOCK_DGRAM),
}
HOSTS = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
LIBC = ctypes.CDLL(None, use_errno=True)
FLAGS = {name: getattr(socket, name) for name in ("MSG_PEEK", "MSG_DONTWAIT", "MSG_WAITALL", "MSG_TRUNC", "MSG_NOSIGNAL")}
POLL_LEVELS = select.POLLIN | select.POLLOUT | select.POLLERR | select.POLLHUP | select.POLLRDHUP | select.POLLNVAL
WAITING = ("accept", "recv", "recv_into", "recvfrom", "recvmsg", "recvfrom_whole", "recvfrom_into", "recvmsg_whole", "send", "sendall", "sendto", "sendmsg", "connect", "connect_ex")


def text(data):
    return data.decode("latin-1")


def flags_of(names):
    flags = 0
    for name in names:
        flags |= FLAGS[name]
    return flags


def limit(one):
    """Has the kernel end what would wait for ever."""
    if one.fileno() >= 0:
        patience = struct.pack("ll", 0, int(PATIENCE * 1e6))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)


class Scenario:
    def __init__(self, scenario, foreign):
        self.family_name = scenario["family"]
        self.family, self.type = KINDS[self.family_name]
        self.steps = scenario["steps"]
        self.foreign_addresses = foreign
        self.slots = {}
        self.addresses = {}
        self.ports = {}
        self.directory = tempfile.mkdtemp(prefix="berkeley_")
        self.paths = 0

    def run(self):
        trace = []
        for step in self.steps:
            trace.append(self.step(step))
        for one in self.slots.values():
            one.close()
        shutil.rmtree(self.directory, ignore_errors=True)
        return trace

    def step(self, step):
        operation, slot, *rest = step
        if operation not in ("socket", "pause", "select", "together") and slot not in self.slots:
            return "none"
        if operation == "together":
            # One after the other, because calls of one direction are served in order.
            return [self.step(one) for one in rest]
        if operation == "aborted":
            return "aborted"
        try:
            if operation in WAITING and self.slots[slot].gettimeout() is None:
                return self.patiently(operation, slot, rest)
            return getattr(self, operation)(slot, *rest)
        except RANGE:
            return {"error": "RangeError", "errno": None}
        except OSError as error:
            return {"error": type(error).__name__, "errno": error.errno}
        except TypeError:
            return {"error": "TypeError", "errno": None}

    def patiently(self, operation, slot, rest):
        """A blocking call, ended by the kernel's own timeouts: then it counts as pending."""
        one = self.slots[slot]
        limit(one)
        dont_wait = any("MSG_DONTWAIT" in item for item in rest if isinstance(item, list))
        if not dont_wait and operation.startswith("recv"):
            wants_all = "MSG_WAITALL" in rest[1]
            # TCP waits for data even if 0 bytes are asked for, and at the timeout it returns 0 bytes as a result.
            wants_nothing = operation in ("recvfrom", "recvmsg") and rest[0] == 0
            if wants_all and self.lacks(one, rest[0]) or wants_nothing and self.lacks(one, 1):
                return "pending"
        try:
            answer = getattr(self, operation)(slot, *rest)
        except BlockingIOError:
            if dont_wait:
                raise
            return "pending"
        return "pending" if operation == "connect_ex" and answer in (11, 115) else answer

    def lacks(self, one, size):
        """Whether a connection will not have so many bytes: a receive of all would keep what there is when it gives up."""
        if one.fileno() < 0 or self.type != socket.SOCK_STREAM or one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return False
        poller = select.poll()
        poller.register(one, select.POLLRDHUP)
        if poller.poll(PATIENCE * 1000):
            return False
        there = bytearray(4)
        fcntl.ioctl(one, termios.FIONREAD, there)
        return struct.unpack("i", there)[0] < size

    def address(self, address):
        """Ports by the order in which they turn up, paths by their last part."""
        if isinstance(address, tuple):
            port = address[1]
            name = 0 if port == 0 else self.ports.setdefault(port, "port %d" % (len(self.ports) + 1))
            return [address[0], name]
        if isinstance(address, bytes):
            address = text(address)
        return None if address is None else address.replace(self.directory, "")

    def remember(self, slot):
        self.addresses[slot] = self.slots[slot].getsockname()

    def target(self, slot):
        """Where a slot's socket is or was bound."""
        if slot in self.addresses:
            return self.addresses[slot]
        return self.directory + "/nobody" if self.family == socket.AF_UNIX else (HOSTS[self.family], 1)

    # One method for each operation.

    def socket(self, slot):
        if slot in self.slots:
            self.slots[slot].close()
        self.slots[slot] = socket.socket(self.family, self.type)
        # A duplicate may have changed its mode to blocking.
        limit(self.slots[slot])
        if self.family_name.startswith("TCP"):
            # Accepted connections inherit it. Without it, a second small segment waits for a delayed acknowledgement.
            self.slots[slot].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return None

    def pause(self, _slot):
        # Gives the helper's thread time to run on a loaded machine.
        threading.Event().wait(0.04)

    def bind(self, slot, where=None):
        # An address that must stay free is never bound, because other test runs on this machine use it too.
        if where in self.addresses:
            address = self.target(where)
        elif self.family == socket.AF_UNIX:
            self.paths += 1
            address = "%s/%d" % (self.directory, self.paths)
        else:
            address = (HOSTS[self.family], 0)
        self.slots[slot].bind(address)
        self.remember(slot)

    def listen(self, slot, backlog):
        self.slots[slot].listen(backlog)
        self.remember(slot)

    def accept(self, slot, into):
        peer, address = self.slots[slot].accept()
        limit(peer)
        if into in self.slots:
            self.slots[into].close()
        self.slots[into] = peer
        return self.address(address)

    def connect(self, slot, where):
        self.slots[slot].connect(self.target(where))

    def connect_ex(self, slot, where):
        return self.slots[slot].connect_ex(self.target(where))

    def foreign(self, slot):
        """Connects to the helper that resets, half-closes or closes on demand."""
        self.slots[slot].settimeout(None)
        self.slots[slot].connect(self.foreign_addresses[self.family_name])

    def recv(self, slot, size, flags):
        return text(self.slots[slot].recv(size, flags_of(flags)))

    def recv_into(self, slot, size, flags, _change=None):
        buffer = bytearray(size)
        count = self.slots[slot].recv_into(buffer, 0, flags_of(flags))
        return text(bytes(buffer[:count]))

    def recvfrom(self, slot, size, flags):
        data, address = self.slots[slot].recvfrom(size, flags_of(flags))
        return text(data)

    def recvmsg(self, slot, size, flags):
        data, ancillary, _, _ = self.slots[slot].recvmsg(size, 0, flags_of(flags))
        return text(data)

    def recvfrom_whole(self, slot, size, flags):
        data, address = self.slots[slot].recvfrom(size, flags_of(flags))
        return [text(data), self.address(address)]

    def recvfrom_into(self, slot, size, flags, _change=None):
        buffer = bytearray(size)
        count, address = self.slots[slot].recvfrom_into(buffer, size, flags_of(flags))
        return [count, text(bytes(buffer[:count])), self.address(address)]

    def recvmsg_whole(self, slot, size, flags):
        data, ancillary, flags, address = self.slots[slot].recvmsg(size, 0, flags_of(flags))
        return [text(data), len(ancillary), flags, self.address(address)]

    def disconnect(self, slot):
        """connect(2) to AF_UNSPEC, for which CPython has no name."""
        if LIBC.connect(self.slots[slot].fileno(), bytes(16), 16) < 0:
            raise OSError(ctypes.get_errno(), "connect")

    def send(self, slot, data, flags, _change=None):
        return self.slots[slot].send(data.encode("latin-1"), flags_of(flags))

    def sendall(self, slot, data, flags, _change=None):
        return self.slots[slot].sendall(data.encode("latin-1"), flags_of(flags))

    def sendto(self, slot, data, where):
        return self.slots[slot].sendto(data.encode("latin-1"), self.target(where))

    def sendmsg(self, slot, pieces, flags):
        return self.slots[slot].sendmsg([piece.encode("latin-1") for piece in pieces], [], flags_of(flags))

    def fill(self, slot):
        """Sends until there is no room; how much goes out depends on the kernel's mood."""
        one = self.slots[slot]
        one.settimeout(0)
        while True:
            try:
                one.send(bytes(1 << 20))
            except BlockingIOError:
                # The receiver's buffer may grow meanwhile.
                if select.select([], [one], [], 0.01)[1] == []:
                    return "full"

    def receive_all(self, slot):
        """Everything that is there; only whether that was much can be compared."""
        self.slots[slot].settimeout(0)
        total = 0
        try:
            while data := self.slots[slot].recv(1 << 20):
                total += len(data)
        except BlockingIOError:
            pass
        return total > 1 << 16

    def shutdown(self, slot, how):
        self.slots[slot].shutdown(how)

    def close(self, slot):
        self.slots[slot].close()

    def detach(self, slot):
        fd = self.slots[slot].detach()
        if fd >= 0:
            os.close(fd)
        return fd >= 0

    def adopt(self, slot):
        """The same descriptor in another object."""
        fd = self.slots[slot].detach()
        if fd < 0:
            return "closed"
        self.slots[slot] = socket.socket(fileno=fd)
        self.slots[slot].settimeout(None)
        return [self.slots[slot].family == self.family, self.slots[slot].type == self.type]

    def dup(self, slot, into, by="dup"):
        one = self.slots[slot]
        if by == "dup":
            copy = one.dup()
        else:
            copy = socket.fromfd(one.fileno(), one.family, one.type)
            copy.settimeout(one.gettimeout())
        if into in self.slots:
            self.slots[into].close()
        self.slots[into] = copy

    def settimeout(self, slot, timeout):
        self.slots[slot].settimeout(timeout)

    def gettimeout(self, slot):
        return self.slots[slot].gettimeout()

    def fileno(self, slot):
        return self.slots[slot].fileno() >= 0

    def getsockname(self, slot):
        return self.address(self.slots[slot].getsockname())

    def getpeername(self, slot):
        return self.address(self.slots[slot].getpeername())

    def getsockopt(self, slot, name):
        return self.slots[slot].getsockopt(socket.SOL_SOCKET, getattr(socket, name))

    def poll(self, slot, mask, milliseconds):
        poller = select.poll()
        poller.register(self.slots[slot], mask)
        return [events & POLL_LEVELS for _, events in poller.poll(milliseconds)]

    def epoll(self, slot, mask, seconds):
        with select.epoll() as poller:
            poller.register(self.slots[slot], mask)
            return [events & POLL_LEVELS for _, events in poller.poll(seconds)]

    def select(self, _slot, reading, writing, excepting, seconds):
        lists = [[self.slots[slot] for slot in slots if slot in self.slots] for slots in (reading, writing, excepting)]
        answer = select.select(*lists, seconds)
        place = {id(one): slot for slot, one in self.slots.items()}
        return [[place[id(one)] for one in ready] for ready in answer]


def help_foreign(listener):
    """Does to each connection what its first byte says: R resets, D sends data and resets, H half-closes, C closes."""

    def serve(peer):
        with peer:
            command = peer.recv(1)
            if command == b"D":
                peer.sendall(b"data")
            if command in (b"R", b"D"):
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif command != b"C":
                if command == b"H":
                    peer.shutdown(socket.SHUT_WR)
                while peer.recv(4096):
                    pass
                # The client must not see this end, because the time of the end is not deterministic.
                threading.Event().wait(1)

    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer,), daemon=True).start()


def main():
    foreign = {}
    for name, address in (("TCP", ("127.0.0.1", 0)), ("TCP6", ("::1", 0))):
        listener = socket.socket(*KINDS[name])
        listener.bind(address)
        listener.listen(1024)
        foreign[name] = listener.getsockname()
        threading.Thread(target=help_foreign, args=(listener,), daemon=True).start()
    lock = threading.Lock()

    def answer(line):
        scenario = json.loads(line)
        trace = Scenario(scenario, foreign).run()
        with lock:
            print(json.dumps({"id": scenario["id"], "trace": trace}), flush=True)

    print(json.dumps(foreign), flush=True)
    with ThreadPoolExecutor(int(sys.argv[1])) as pool:
        for line in sys.stdin:
            pool.submit(answer, line)


main()
