# Answers calls of the socket module, one JSON line each: {"call": [name, arguments]} for a function, and for a method
# {"on": [family, type], "call": …} on a new socket. Bytes are {"b": [numbers]}.

import json
import os
import socket
import struct
import sys

os.chdir(sys.argv[1])


def read(value):
    if isinstance(value, dict):
        return bytes(value["b"])
    if isinstance(value, list):
        return tuple(read(one) for one in value)
    return value


def plain(value):
    if isinstance(value, (bytes, bytearray)):
        return {"b": list(value)}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, int):
        return int(value)
    return value


def read_file(data, options, calls):
    """What a file of a socket with this data answers to some calls."""
    one, other = socket.socketpair()
    with one, other:
        one.sendall(bytes(data))
        one.shutdown(socket.SHUT_WR)
        answers = []
        with other.makefile("r", **options) as file:
            for name, size in calls:
                try:
                    answers.append(plain(getattr(file, name)(-1 if size is None else size)))
                except ValueError:
                    answers.append("RangeError")
                    break
        return answers


def receive_passed(stream, credentials, count, room):
    """What comes of some descriptors and the credentials in so much room: their sizes, and how many are open then."""
    one, other = socket.socketpair(type=socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    with one, other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, int(credentials))
        rights = struct.pack("%di" % count, *[0] * count)
        one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if count > 0 else [])
        data, ancillary, flags, _ = other.recvmsg(10, room)
        passed = 0
        for level, kind, content in ancillary:
            if kind == socket.SCM_RIGHTS:
                for (fd,) in struct.iter_unpack("i", content[: len(content) // 4 * 4]):
                    os.close(fd)
                    passed += 1
        return [plain(data), [[level, kind, len(content)] for level, kind, content in ancillary], flags, passed]


def answer(case):
    if "file" in case:
        return {"value": read_file(*case["file"])}
    if "passed" in case:
        return {"value": receive_passed(*case["passed"])}
    name, arguments = case["call"]
    arguments = read(arguments)
    try:
        if "on" not in case:
            return {"value": plain(getattr(socket, name)(*arguments))}
        with socket.socket(*case["on"]) as sock:
            sock.setblocking(False)
            return {"value": plain(getattr(sock, name)(*arguments))}
    except (socket.gaierror, socket.herror) as error:
        return {"error": f"{type(error).__name__} {error.errno}"}
    except OSError as error:
        return {"error": "OSError" if error.errno is None else f"OSError {error.errno}"}
    except TypeError:
        return {"error": "TypeError"}
    except (ValueError, OverflowError):
        return {"error": "RangeError"}


for line in sys.stdin:
    print(json.dumps([answer(case) for case in json.loads(line)]), flush=True)
