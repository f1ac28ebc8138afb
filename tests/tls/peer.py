# CPython's ssl module as the peer. Commands are lines of JSON on standard input, and answers are lines on standard
# output. Each command runs in its own thread. A command is a list of steps for one connection.
import hashlib
import json
import select
import socket
import ssl
import sys
import threading

lock = threading.Lock()


def answer(number, **fields):
    with lock:
        print(json.dumps({"id": number, **fields}), flush=True)


def context_for(options):
    server = options["server"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    # create_default_context sets these flags from Python 3.13 on.
    context.verify_flags |= ssl.VERIFY_X509_STRICT | getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0x80000)
    if options.get("version"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion[options["version"]]
    if options.get("alpn"):
        context.set_alpn_protocols(options["alpn"])
    if options.get("cert"):
        context.load_cert_chain(options["cert"], options["key"])
    if options.get("ca"):
        context.load_verify_locations(options["ca"])
    if options.get("no_tickets"):
        context.num_tickets = 0
    if server and options.get("ca"):
        context.verify_mode = ssl.CERT_REQUIRED
    if options.get("unverified"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def pattern(size):
    return (bytes(range(256)) * (size // 256 + 1))[:size]


def attempt(call, argument):
    # None where the call would block.
    try:
        return call(argument)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None


class Connection:
    def __init__(self, options, sock):
        self.options = options
        self.sock = sock
        self.names = []

    def handshake(self, _step):
        options = self.options
        context = context_for(options)
        if options["server"]:
            context.sni_callback = lambda _sock, name, _context: self.names.append(name)
        self.sock = context.wrap_socket(
            self.sock, server_side=options["server"],
            server_hostname=None if options["server"] else options.get("host", "localhost"),
            suppress_ragged_eofs=False)

    def info(self, _step):
        sock = self.sock
        return dict(version=sock.version(), cipher=sock.cipher()[0], alpn=sock.selected_alpn_protocol(),
                    peer=bool(sock.getpeercert(True)), reused=sock.session_reused, names=self.names)

    def send(self, step):
        self.sock.sendall(step["text"].encode() if "text" in step else pattern(step["size"]))

    def recv(self, step):
        size = step.get("size")
        digest, count = hashlib.sha256(), 0
        text = b""
        while size is None or count < size:
            data = self.sock.recv(min(65536, size - count) if size is not None else 65536)
            if not data:
                break
            digest.update(data)
            count += len(data)
            if count <= 1000:
                text += data
        return dict(count=count, digest=digest.hexdigest(), text=text.decode("latin1"))

    def echo(self, _step):
        count = 0
        while data := self.sock.recv(65536):
            self.sock.sendall(data)
            count += len(data)
        return count

    def both(self, step):
        # Sends and receives at once, in one thread. Two threads would use one SSL object, which OpenSSL does not allow. In
        # CPython 3.11 a read that would block may then raise SSLEOFError on a healthy connection: SSL_get_error sees the
        # state that the other thread's write has set since.
        size = step["size"]
        rest = memoryview(pattern(size))
        digest, count = hashlib.sha256(), 0
        self.sock.setblocking(False)
        while count < size or rest:
            data = attempt(self.sock.recv, 65536) if count < size else None
            if data == b"":
                raise EOFError(f"the stream ended after {count} bytes")
            if data:
                digest.update(data)
                count += len(data)
            sent = attempt(self.sock.send, rest[:65536]) if rest else None
            if sent:
                rest = rest[sent:]
            if not data and not sent and select.select([self.sock], [self.sock] if rest else [], [], 20) == ([], [], []):
                raise TimeoutError("nothing could be sent or received for 20 s")
        self.sock.settimeout(20)
        return dict(count=count, digest=digest.hexdigest(), text="")

    def shutdown(self, _step):
        # Does not wait for the peer's close_notify.
        try:
            self.sock.settimeout(0)
            self.sock.unwrap()
        except (ssl.SSLError, BlockingIOError):
            pass
        finally:
            self.sock.settimeout(20)

    def unwrap(self, _step):
        self.sock = self.sock.unwrap()

    def cut(self, _step):
        plain = socket.socket(fileno=self.sock.detach())
        plain.settimeout(20)
        plain.shutdown(socket.SHUT_WR)
        while plain.recv(65536):
            pass
        plain.close()

    def close(self, _step):
        self.sock.close()


def run(number, options, sock):
    connection = Connection(options, sock)
    log = []
    try:
        sock.settimeout(20)
        for step in options["steps"]:
            log.append(getattr(connection, step["do"])(step))
        answer(number, log=log)
    except Exception as error:
        answer(number, log=log, error=type(error).__name__, message=str(error),
               verify_code=getattr(error, "verify_code", None), verify_message=getattr(error, "verify_message", None))
    finally:
        connection.sock.close()


def serve(number, options):
    listener = socket.create_server(("127.0.0.1", 0))
    answer(number, port=listener.getsockname()[1])
    for _ in range(options.get("times", 1)):
        sock, _address = listener.accept()
        run(number, options, sock)
    listener.close()


def connect(number, options):
    run(number, options, socket.create_connection(("127.0.0.1", options["port"])))


for line in sys.stdin:
    command = json.loads(line)
    target = serve if command["server"] else connect
    threading.Thread(target=target, args=[command.pop("id"), command], daemon=True).start()
