"""A server that answers with exactly the bytes, pauses and breaks a test asks for, and remembers all."""

import dataclasses
import socket
import ssl
import struct
import threading


@dataclasses.dataclass
class Request:
    """What arrived: the head as sent, and the number of its connection and its place on it."""

    method: str
    target: str
    headers: list
    raw: bytes
    connection: int
    place: int
    body: bytes = b""

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        return values[0] if values else None


class Exchange:
    """One request and the connection it came on, in the hands of a script."""

    def __init__(self, request, connection, unread, upstream):
        self.request = request
        self.socket = connection
        self.upstream = upstream
        self.open = True
        self._unread = unread
        self._body_done = False

    def send(self, data):
        self.socket.sendall(data)

    def close(self):
        """Ends the connection in an orderly way."""
        self.open = False
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def reset(self):
        self.open = False
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def hang(self):
        """Says nothing until the other side gives up or the test ends."""
        self.wait_gone()
        self.close()

    def wait_gone(self):
        try:
            while self.socket.recv(65536):
                pass
        except OSError:
            pass

    def more(self):
        """The next bytes of the body as they come, empty at the end of the connection."""
        if self._unread:
            data, self._unread = self._unread, b""
            return data
        try:
            return self.socket.recv(65536)
        except OSError:
            return b""

    def read_body(self):
        """The whole body with its framing removed; None when the connection ended within it."""
        if self._body_done:
            return self.request.body
        if "chunked" in (self.request.header("Transfer-Encoding") or "").lower():
            body = self._chunks()
        else:
            body = self._counted(int(self.request.header("Content-Length") or 0))
        self._body_done = True
        self.request.body = body
        return body

    def unread(self):
        data, self._unread = self._unread, b""
        return data

    def _need(self, count):
        parts, have = [self._unread], len(self._unread)
        while have < count:
            data = self.socket.recv(65536)
            if not data:
                break
            parts.append(data)
            have += len(data)
        self._unread = b"".join(parts)
        return have >= count

    def _counted(self, count):
        if not self._need(count):
            return None
        body, self._unread = self._unread[:count], self._unread[count:]
        return body

    def _chunks(self):
        body = b""
        while True:
            while b"\r\n" not in self._unread:
                if not self._need(len(self._unread) + 1):
                    return None
            line, self._unread = self._unread.split(b"\r\n", 1)
            if not line:
                continue
            size = int(line.split(b";")[0], 16)
            if size == 0:
                while True:
                    while b"\r\n" not in self._unread:
                        if not self._need(len(self._unread) + 1):
                            return None
                    line, self._unread = self._unread.split(b"\r\n", 1)
                    if not line:
                        return body
            if not self._need(size + 2):
                return None
            body, self._unread = body + self._unread[:size], self._unread[size + 2 :]


class Upstream:
    """Listens on a loopback address and port; `answer(exchange)` runs once for each request and may be replaced."""

    def __init__(self, answer, tls=None, greeting=None, address=("127.0.0.1", 0)):
        self.answer = answer
        self.greeting = greeting  # said at once, before a goodbye
        self.requests = []
        self.connections = 0
        self._tls = tls
        self._open = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(address, backlog=512)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{address[0]}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        """Nothing listens any more, and every connection is cut."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def targets(self):
        return [request.target for request in self.requests]

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, plain, number):
        connection = plain
        try:
            if self._tls:
                connection = self._tls.wrap_socket(plain, server_side=True)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.greeting:
                connection.sendall(self.greeting)
                return
            self._exchanges(connection, number)
        except (OSError, ssl.SSLError):
            pass
        finally:
            with self._lock:
                self._open.discard(plain)
            connection.close()

    def _exchanges(self, connection, number):
        unread, place = b"", 0
        while True:
            while b"\r\n\r\n" not in unread:
                data = connection.recv(65536)
                if not data:
                    return
                unread += data
            head, unread = unread.split(b"\r\n\r\n", 1)
            place += 1
            request = parse(head, number, place)
            exchange = Exchange(request, connection, unread, self)
            with self._lock:
                self.requests.append(request)
            self.answer(exchange)
            if not exchange.open or exchange.read_body() is None:
                return
            unread = exchange.unread()


def parse(head, connection, place):
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = [(line.split(":", 1)[0], line.split(":", 1)[1].strip()) for line in lines]
    return Request(method, target, headers, head, connection, place)


def status(code, headers=(), body=b"ok", reason="Said So"):
    """A script: reads the request to its end and answers with this."""
    lines = [f"HTTP/1.1 {code} {reason}", *(f"{name}: {value}" for name, value in headers)]
    if code not in (204, 304):
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    def script(exchange):
        exchange.read_body()
        bodiless = exchange.request.method == "HEAD" or code in (204, 304)
        exchange.send(head + (b"" if bodiless else body))

    return script


def raw(data, then="keep"):
    """A script: reads the request, sends these bytes, then keeps, closes or resets the connection."""

    def script(exchange):
        exchange.read_body()
        if data:
            exchange.send(data)
        if then == "close":
            exchange.close()
        elif then == "reset":
            exchange.reset()
        elif then == "hang":
            exchange.hang()

    return script


def hang(exchange):
    exchange.hang()


def reset(exchange):
    exchange.reset()


class Held:
    """A script that keeps every request waiting until `release(answer)`; `waiting` counts them."""

    def __init__(self):
        self.waiting = 0
        self._gate = threading.Event()
        self._answer = hang
        self._lock = threading.Lock()

    def __call__(self, exchange):
        with self._lock:
            self.waiting += 1
        self._gate.wait(60)
        self._answer(exchange)

    def release(self, answer=None):
        self._answer = answer or status(200)
        self._gate.set()
