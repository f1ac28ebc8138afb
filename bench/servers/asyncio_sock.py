"""The same program on asyncio's loop.sock_* calls, the nearest relative of this module's promises."""

import asyncio
import socket

from roles import PIECE, ClientClock, announce, role_of, end_with_stdin


async def echo(loop, conn):
    while data := await loop.sock_recv(conn, PIECE):
        await loop.sock_sendall(conn, data)
    conn.close()


async def receive(loop, conn):
    while await loop.sock_recv(conn, PIECE):
        pass
    conn.close()


async def receive_into(loop, conn):
    buffer = bytearray(PIECE)
    while await loop.sock_recv_into(conn, buffer):
        pass
    conn.close()


async def send(loop, conn):
    piece = bytes(PIECE)
    try:
        while True:
            await loop.sock_sendall(conn, piece)
    except OSError:
        conn.close()  # The load has closed the connection.


SERVERS = {"echo": echo, "echo_into": echo, "receive": receive, "receive_into": receive_into, "send": send}


def new_socket(kind):
    sock = socket.socket(socket.AF_INET, kind)
    sock.setblocking(False)
    return sock


async def ping_pong(loop, conn, clock):
    message = bytes(clock.size)
    while clock.running:
        await loop.sock_sendall(conn, message)
        got = 0
        while got < clock.size:
            got += len(await loop.sock_recv(conn, PIECE))
        clock.operations += 1


async def main():
    role, port, load = role_of()
    loop = asyncio.get_running_loop()
    end_with_stdin(loop)
    tasks = set()
    if role == "first":
        conn = new_socket(socket.SOCK_STREAM)
        await loop.sock_connect(conn, ("127.0.0.1", port))
        await loop.sock_sendall(conn, bytes(64))
        await loop.sock_recv(conn, 64)
        conn.close()
        return
    if role == "client":
        clock = ClientClock(*load)
        for _ in range(clock.connections):
            conn = new_socket(socket.SOCK_STREAM)
            await loop.sock_connect(conn, ("127.0.0.1", port))
            tasks.add(loop.create_task(ping_pong(loop, conn, clock)))
        await asyncio.sleep(clock.warmup)
        clock.start()
        await asyncio.sleep(clock.seconds)
        clock.stop()
        await loop.create_future()
    if role in ("udp", "udp_recvfrom"):
        sock = new_socket(socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        announce(sock.getsockname())
        while True:
            data, address = await loop.sock_recvfrom(sock, PIECE)
            await loop.sock_sendto(sock, data, address)
    server = new_socket(socket.SOCK_STREAM)
    server.bind(("127.0.0.1", 0))
    server.listen(1024)
    announce(server.getsockname())
    while True:
        conn, _ = await loop.sock_accept(server)
        if role == "accept":
            conn.close()
            continue
        task = loop.create_task(SERVERS[role](loop, conn))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


asyncio.run(main())
