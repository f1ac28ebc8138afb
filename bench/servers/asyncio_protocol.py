"""The same program on asyncio's transports and protocols."""

import asyncio

from roles import PIECE, ClientClock, announce, role_of, end_with_stdin


class Quiet(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport


class Echo(Quiet):
    def data_received(self, data):
        self.transport.write(data)


class Receive(Quiet):
    def data_received(self, data):
        pass


class ReceiveInto(asyncio.BufferedProtocol):
    def connection_made(self, transport):
        self.buffer = bytearray(PIECE)

    def get_buffer(self, sizehint):
        return self.buffer

    def buffer_updated(self, nbytes):
        pass


class Send(Quiet):
    piece = bytes(PIECE)

    def connection_made(self, transport):
        self.transport = transport
        self.paused = False
        self.resume_writing()

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        while not self.paused and not self.transport.is_closing():
            self.transport.write(self.piece)


class Accept(asyncio.Protocol):
    def connection_made(self, transport):
        transport.abort()


class DatagramEcho(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


class Client(Quiet):
    def __init__(self, clock):
        self.clock = clock
        self.message = bytes(clock.size)
        self.got = 0

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.message)

    def data_received(self, data):
        self.got += len(data)
        if self.got < self.clock.size:
            return
        self.got = 0
        self.clock.operations += 1
        if self.clock.running:
            self.transport.write(self.message)


class First(Quiet):
    def __init__(self, done):
        self.done = done

    def connection_made(self, transport):
        self.transport = transport
        transport.write(bytes(64))

    def data_received(self, data):
        self.transport.close()
        self.done.set_result(None)


SERVERS = {"echo": Echo, "echo_into": Echo, "receive": Receive, "receive_into": ReceiveInto, "send": Send, "accept": Accept}


async def main():
    role, port, load = role_of()
    loop = asyncio.get_running_loop()
    end_with_stdin(loop)
    if role == "first":
        done = loop.create_future()
        await loop.create_connection(lambda: First(done), "127.0.0.1", port)
        await done
        return
    if role == "client":
        clock = ClientClock(*load)
        for _ in range(clock.connections):
            await loop.create_connection(lambda: Client(clock), "127.0.0.1", port)
        await asyncio.sleep(clock.warmup)
        clock.start()
        await asyncio.sleep(clock.seconds)
        clock.stop()
    elif role in ("udp", "udp_recvfrom"):
        transport, _ = await loop.create_datagram_endpoint(DatagramEcho, ("127.0.0.1", 0))
        announce(transport.get_extra_info("sockname"))
    else:
        server = await loop.create_server(SERVERS[role], "127.0.0.1", 0, backlog=1024)
        announce(server.sockets[0].getsockname())
    await loop.create_future()


asyncio.run(main())
