"""A client that sends exactly the bytes it is told to and reads answers without forgiving anything."""

import dataclasses
import socket
import struct

PATIENCE = 30.0  # seconds; reached only when something is broken


@dataclasses.dataclass
class Response:
    """One answer. `complete` is false when the connection ended before the body did."""

    version: str
    status: int
    reason: str
    headers: list
    body: bytes = b""
    complete: bool = True
    interim: list = dataclasses.field(default_factory=list)

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        return values[0] if values else None


class Gone(Exception):
    """The peer ended the connection before the first byte of an answer."""


class Client:
    """One connection. `read_buffer` makes the kernel hold little for a client that does not read."""

    def __init__(self, port, tls=None, server_name="localhost", read_buffer=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if read_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, read_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self.pending = b""

    def close(self):
        self.socket.close()

    def reset(self):
        """Goes away the rude way."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method="GET", target="/", headers=(), body=None, host="gateway.test"):
        lines = [f"{method} {target} HTTP/1.1"]
        if host is not None:
            lines.append(f"Host: {host}")
        lines += [f"{name}: {value}" for name, value in headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))

    def ask(self, method="GET", target="/", headers=(), body=None, host="gateway.test"):
        self.request(method, target, headers, body, host)
        return self.response(head=method == "HEAD")

    def response(self, head=False):
        interim = []
        while True:
            answer = self.read_head()
            if answer.status // 100 != 1 or answer.status == 101:
                break
            interim.append(answer)
        answer.interim = interim
        if not head and answer.status not in (204, 304):
            self.read_body(answer)
        return answer

    def read_head(self):
        while b"\r\n\r\n" not in self.pending:
            if not self.fill():
                raise Gone(f"closed after {self.pending!r}")
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, *reason = first.split(" ", 2)
        headers = [(line.split(":", 1)[0], line.split(":", 1)[1].strip()) for line in lines]
        return Response(version, int(status), "".join(reason), headers)

    def leftover(self):
        """Everything up to the end of the connection: empty when the peer closed without a word."""
        while self.fill():
            pass
        left, self.pending = self.pending, b""
        return left

    def read_body(self, answer):
        if "chunked" in (answer.header("Transfer-Encoding") or "").lower():
            answer.complete = self._read_chunks(answer)
        elif answer.header("Content-Length") is not None:
            answer.body = self._take(int(answer.header("Content-Length")))
            answer.complete = len(answer.body) == int(answer.header("Content-Length"))
        else:
            answer.complete = self._read_to_close(answer)

    def _read_chunks(self, answer):
        while True:
            line = self._line()
            if line is None:
                return False
            size = int(line.split(b";")[0], 16)
            if size == 0:
                while (line := self._line()) not in (b"", None):
                    pass
                return line == b""
            data = self._take(size + 2)
            answer.body += data[:size]
            if len(data) < size + 2:
                return False

    def _read_to_close(self, answer):
        self.was_reset = False
        while self.fill():
            pass
        answer.body, self.pending = self.pending, b""
        return not self.was_reset

    def _line(self):
        while b"\r\n" not in self.pending:
            if not self.fill():
                return None
        line, self.pending = self.pending.split(b"\r\n", 1)
        return line

    def _take(self, count):
        parts, have = [self.pending], len(self.pending)
        self.pending = b""
        while have < count and self.fill():
            parts.append(self.pending)
            have += len(self.pending)
            self.pending = b""
        data = b"".join(parts)
        self.pending = data[count:]
        return data[:count]

    def fill(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            self.was_reset = True
            return False
        except OSError as error:
            if "EOF" in str(error):  # TLS: closed without its goodbye
                self.was_reset = True
                return False
            raise
        self.pending += data
        return bool(data)
