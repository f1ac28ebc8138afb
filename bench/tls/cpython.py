# The same server over CPython's ssl, a thread for each connection.
import socket
import ssl
import sys
import threading

context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
piece = bytes(65536)


def talk(sock):
    try:
        with context.wrap_socket(sock, server_side=True) as conn:
            mode = conn.recv(1)
            while mode == b"d":
                conn.sendall(piece)
            while data := conn.recv(65536):
                if mode == b"e":
                    conn.sendall(data)
    except OSError:
        pass


while True:
    threading.Thread(target=talk, args=[server.accept()[0]], daemon=True).start()
