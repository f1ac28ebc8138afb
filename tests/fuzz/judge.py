# Answers calls of the socket module, one JSON line each: {"call": [name, arguments]} for a function, and for a method
# {"on": [family, type], "call": …} on a new socket. Bytes are {"b": [numbers]}.

import json
import os
import socket
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


def answer(case):
    if "file" in case:
        return {"value": read_file(*case["file"])}
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
