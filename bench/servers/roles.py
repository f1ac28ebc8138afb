"""What the Python programs under test share: the command line, and the client's clock. No socket calls."""

import json
import os
import sys
import time

PIECE = 65536


def role_of():
    """Reads ROLE [PORT [CONNECTIONS SIZE WARMUP SECONDS]]."""
    role, *numbers = sys.argv[1:]
    return role, int(numbers[0]) if numbers else 0, [float(n) for n in numbers[1:]]


def announce(address):
    """Tells the harness the port."""
    print(address[1], flush=True)


def end_with_stdin(loop):
    """Ends the process with the harness: it holds the other end of stdin."""
    loop.add_reader(0, lambda: os.read(0, 4096) or os._exit(0))


class ClientClock:
    """Counts a client's exchanges over the measured time and prints them."""

    now = staticmethod(time.perf_counter)

    def __init__(self, connections, size, warmup, seconds):
        self.connections, self.size, self.warmup, self.seconds = int(connections), int(size), warmup, seconds
        self.operations = 0
        self.running = True

    def start(self):
        print("start", flush=True)
        self.operations = 0
        self.begin = self.now()

    def stop(self):
        self.running = False
        print(json.dumps({"operations": self.operations, "seconds": self.now() - self.begin}), flush=True)
