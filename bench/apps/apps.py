"""The applications in CPython: asyncio for http and dns, select.select and select.epoll for the chat."""

import asyncio
import os
import select
import socket
import sys

PIECE = 65536
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world\n"
# A pointer to the name of the question, type A, class IN, a TTL of a minute, 192.0.2.1.
RECORD = bytes([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1])


class Http(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.rest = b""

    def data_received(self, data):
        *heads, self.rest = (self.rest + data).split(b"\r\n\r\n")
        for _ in heads:
            self.transport.write(RESPONSE)


class Dns(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, query, client):
        if len(query) < 17 or query[2] & 0x80 or query[5] != 1:
            return
        answer = bytearray(query + RECORD)
        answer[2] |= 0x84
        answer[7] = 1
        self.transport.sendto(answer, client)


async def serve(role):
    loop = asyncio.get_running_loop()
    loop.add_reader(0, lambda: os.read(0, 4096) or os._exit(0))
    if role == "http":
        server = await loop.create_server(Http, "127.0.0.1", 0, backlog=1024)
        port = server.sockets[0].getsockname()[1]
    else:
        transport, _ = await loop.create_datagram_endpoint(Dns, ("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
    print(port, flush=True)
    await asyncio.Event().wait()


class Selecting:
    def __init__(self):
        self.all = set()

    def add(self, fd):
        self.all.add(fd)

    def remove(self, fd):
        self.all.discard(fd)

    def ready(self):
        return select.select(self.all, (), ())[0]


class Epolling:
    def __init__(self):
        self.epoll = select.epoll()

    def add(self, fd):
        self.epoll.register(fd, select.EPOLLIN)

    def remove(self, fd):
        self.epoll.unregister(fd)

    def ready(self):
        return [fd for fd, _ in self.epoll.poll()]


def chat(waiting):
    server = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(server.getsockname()[1], flush=True)
    clients = {}
    waiting.add(server.fileno())
    waiting.add(0)
    while True:
        for fd in waiting.ready():
            if fd == 0:
                os._exit(0)
            if fd == server.fileno():
                client, _ = server.accept()
                clients[client.fileno()] = client
                waiting.add(client.fileno())
                client.sendall(b"!")
                continue
            sock = clients[fd]
            data = sock.recv(PIECE)
            if not data:
                waiting.remove(fd)
                del clients[fd]
                sock.close()
                continue
            for other in clients.values():
                if other is not sock:
                    other.sendall(data)


role = sys.argv[1]
if role.startswith("chat"):
    chat(Selecting() if role == "chat-select" else Epolling())
else:
    asyncio.run(serve(role))
