"""The wait times of CPython's select.select and select.epoll.

cpython.py ROUNDS SIZES      prints {"select10": µs, ...}; see ../waits.ts
"""

import json
import resource
import select
import socket
import sys
import time

PARTS = 10
WARM_UP = 500
rounds = max(1, int(sys.argv[1]) // PARTS)
sizes = [int(size) for size in sys.argv[2].split(",")]

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))


def measure(turn):
    parts = []
    for _ in range(WARM_UP):
        turn()
    for _ in range(PARTS):
        begin = time.perf_counter()
        for _ in range(rounds):
            turn()
        parts.append((time.perf_counter() - begin) / rounds * 1e6)
    return sorted(parts)[PARTS // 2]


def measure_size(size):
    server = socket.create_server(("127.0.0.1", 0), backlog=1024)
    # The sockets that are waited for come first: select cannot take descriptors above 1023.
    ours = [socket.create_connection(server.getsockname()) for _ in range(size)]
    theirs = {peer.getpeername(): peer for peer in (server.accept()[0] for _ in range(size))}
    active = ours[size // 2]
    other = theirs[active.getsockname()]
    poller = select.epoll()
    for sock in ours:
        poller.register(sock, select.EPOLLIN)

    def select_round():
        other.sendall(b"x")
        select.select(ours, [], [], 5)
        active.recv(1)

    def epoll_round():
        other.sendall(b"x")
        poller.poll(5)
        active.recv(1)

    result[f"select{size}"] = measure(select_round)
    result[f"epoll{size}"] = measure(epoll_round)
    other.sendall(b"x")
    result[f"select-ready{size}"] = measure(lambda: select.select(ours, [], [], 5))
    result[f"epoll-ready{size}"] = measure(lambda: poller.poll(5))
    for sock in [server, poller, *ours, *theirs.values()]:
        sock.close()


result = {}
for size in sizes:
    measure_size(size)
print(json.dumps(result))
