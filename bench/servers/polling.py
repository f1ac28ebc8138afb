"""The same program on select.select or select.epoll: one thread, non-blocking sockets, no framework.

polling.py select|epoll ROLE ...
"""

import select
import socket
import sys

from roles import PIECE, ClientClock, announce, role_of


class Selecting:
    """select.select behind the three calls that the program needs."""

    def __init__(self):
        self.readers, self.writers = set(), set()

    def add(self, fd, writes=False):
        (self.writers if writes else self.readers).add(fd)

    def remove(self, fd):
        self.readers.discard(fd)
        self.writers.discard(fd)

    def wait(self, timeout=None):
        readers, writers, _ = select.select(self.readers, self.writers, (), timeout)
        return readers + writers


class Epolling:
    """select.epoll behind the same calls."""

    def __init__(self):
        self.epoll = select.epoll()

    def add(self, fd, writes=False):
        self.epoll.register(fd, select.EPOLLOUT if writes else select.EPOLLIN)

    def remove(self, fd):
        self.epoll.unregister(fd)

    def wait(self, timeout=None):
        return [fd for fd, _ in self.epoll.poll(timeout)]


# Each function does what a ready connection allows. It returns false if the connection is to be closed.


def echo(conn):
    data = conn.recv(PIECE)
    if not data:
        return False
    view = memoryview(data)
    while view:
        try:
            view = view[conn.send(view) :]
        except BlockingIOError:
            select.select((), (conn,), ())
    return True


def receive(conn):
    return bool(conn.recv(PIECE))


BUFFER = bytearray(PIECE)


def receive_into(conn):
    return conn.recv_into(BUFFER) > 0


def send(conn):
    conn.send(BUFFER)
    return True


SERVERS = {"echo": echo, "echo_into": echo, "receive": receive, "receive_into": receive_into, "send": send}


def serve(poller, role):
    server = socket.socket()
    server.setblocking(False)
    server.bind(("127.0.0.1", 0))
    server.listen(1024)
    announce(server.getsockname())
    listening = server.fileno()
    poller.add(listening)
    poller.add(0)
    connections = {}
    handle = SERVERS.get(role)
    while True:
        for fd in poller.wait():
            if fd == listening:
                try:
                    while True:
                        conn, _ = server.accept()
                        if role == "accept":
                            conn.close()
                            continue
                        conn.setblocking(False)
                        connections[conn.fileno()] = conn
                        poller.add(conn.fileno(), writes=role == "send")
                except BlockingIOError:
                    continue
            if fd == 0:
                return
            conn = connections[fd]
            try:
                alive = handle(conn)
            except BlockingIOError:
                continue
            except OSError:
                alive = False
            if not alive:
                poller.remove(fd)
                del connections[fd]
                conn.close()


def serve_udp(poller):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind(("127.0.0.1", 0))
    announce(sock.getsockname())
    poller.add(sock.fileno())
    poller.add(0)
    while 0 not in poller.wait():
        try:
            while True:
                sock.sendto(*sock.recvfrom(PIECE))
        except BlockingIOError:
            pass


def client(poller, port, clock):
    message = bytes(clock.size)
    connections, got = {}, {}
    for _ in range(clock.connections):
        conn = socket.create_connection(("127.0.0.1", port))
        conn.setblocking(False)
        poller.add(conn.fileno())
        connections[conn.fileno()] = conn
        got[conn.fileno()] = 0
        conn.send(message)

    def ping_pong(seconds):
        end = clock.now() + seconds
        while clock.now() < end:
            for fd in poller.wait(1):
                conn = connections[fd]
                got[fd] += len(conn.recv(PIECE))
                if got[fd] < clock.size:
                    continue
                got[fd] = 0
                clock.operations += 1
                conn.send(message)

    ping_pong(clock.warmup)
    clock.start()
    ping_pong(clock.seconds)
    clock.stop()
    sys.stdin.read()


def first(port):
    conn = socket.create_connection(("127.0.0.1", port))
    conn.sendall(bytes(64))
    conn.recv(64)
    conn.close()


def main():
    poller = {"select": Selecting, "epoll": Epolling}[sys.argv.pop(1)]()
    role, port, load = role_of()
    if role == "first":
        first(port)
    elif role == "client":
        client(poller, port, ClientClock(*load))
    elif role in ("udp", "udp_recvfrom"):
        serve_udp(poller)
    else:
        serve(poller, role)


main()
