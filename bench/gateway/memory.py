"""What the gateway needs in memory: idle, with many idle connections, and while a large body passes."""

import os
import resource
import socket
import tempfile
import threading

import servers

MIB = 1024 * 1024
BODY = 1024 * MIB
CONNECTIONS = 1000


def measure(binary):
    """Returns [(what, measured in bytes, limit in bytes)]; each of a gateway that has done nothing else."""
    allow_files(CONNECTIONS * 3)
    service = Service()
    results = []
    for need in (idle, connections, sent, received):
        with tempfile.TemporaryDirectory(prefix="switchgear-bench-") as folder:
            gateway = servers.Gateway(folder, service.port, binary)
            try:
                results.append(need(gateway))
            finally:
                gateway.stop()
    service.stop()
    return results


def idle(gateway):
    return "resident when idle, after start", gateway.memory()[0], 20 * MIB


def connections(gateway):
    ask(gateway.port).close()  # what the first request brings in is no connection's
    before = gateway.memory()[0]
    held = [ask(gateway.port) for _ in range(CONNECTIONS)]
    grown = gateway.memory()[0] - before
    for connection in held:
        connection.close()
    return f"for each of {CONNECTIONS} idle connections, after a request", grown // CONNECTIONS, 32 * 1024


def sent(gateway):
    return "growth while 1 GiB is sent", growth(gateway, upload), 10 * MIB


def received(gateway):
    return "growth while 1 GiB is received", growth(gateway, download), 10 * MIB


def growth(gateway, transfer):
    """From what it holds after one small request to the most it ever held during the transfer."""
    ask(gateway.port).close()
    gateway.forget_peak()
    before = gateway.memory()[0]
    transfer(gateway.port, BODY)
    return gateway.memory()[1] - before


def allow_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def ask(port):
    """One small request; the connection stays open."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(b"GET /0 HTTP/1.1\r\nHost: bench.test\r\n\r\n")
    read_head(connection)
    return connection


def upload(port, count):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST /0 HTTP/1.1\r\nHost: bench.test\r\nContent-Length: %d\r\n\r\n" % count)
        block = b"u" * MIB
        for _ in range(count // MIB):
            connection.sendall(block)
        read_head(connection)


def download(port, count):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /%d HTTP/1.1\r\nHost: bench.test\r\n\r\n" % count)
        _, early = read_head(connection)
        swallow(connection, count - len(early))


def read_head(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise SystemExit(f"bench/gateway: the connection ended after {data!r}")
        data += more
    head, rest = data.split(b"\r\n\r\n", 1)
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise SystemExit(f"bench/gateway: answered {head!r}")
    return head, rest


def swallow(connection, count):
    buffer = bytearray(MIB)
    while count > 0:
        got = connection.recv_into(buffer, min(count, MIB))
        if not got:
            raise SystemExit(f"bench/gateway: {count} bytes are missing")
        count -= got


class Service:
    """Reads a body to its end, then answers with as many bytes as the path says."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        rest = b""
        while True:
            while b"\r\n\r\n" not in rest:
                more = connection.recv(65536)
                if not more:
                    return
                rest += more
            head, rest = rest.split(b"\r\n\r\n", 1)
            lines = head.decode("latin-1").split("\r\n")
            lengths = [int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")]
            swallow(connection, (lengths or [0])[0] - len(rest))
            rest = b""
            wanted = int(lines[0].split()[1].strip("/"))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % wanted)
            block = b"d" * MIB
            for _ in range(wanted // MIB):
                connection.sendall(block)


if __name__ == "__main__":
    for name, measured, limit in measure(os.environ["SWITCHGEAR_BINARY"]):
        print(f"{name}: {measured:,} of {limit:,}")
