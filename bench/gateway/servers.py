"""The servers that are compared: one worker each, on free loopback ports, in a folder of their own."""

import json
import os
import random
import socket
import subprocess
import time

PATIENCE = 20


def free_port():
    """Below the range the kernel gives to outgoing connections, so the load itself never takes it."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Server:
    """A process that listens on `port`; `cpu()` and `memory()` are of it and its workers."""

    def __init__(self, name, folder, arguments):
        self.name = name
        self.log = open(os.path.join(folder, f"{name}.log"), "wb")
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + PATIENCE
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > end:
                with open(self.log.name, encoding="utf-8", errors="replace") as log:
                    raise SystemExit(f"bench/gateway: {name} does not start: {' '.join(arguments)}\n{log.read()}")
            time.sleep(0.02)

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            return False

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def processes(self):
        """The process and its children (nginx: master and worker)."""
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [pid, *map(int, file.read().split())]

    def cpu(self):
        """Seconds of processor time so far, user and kernel, as the kernel accounts them."""
        ticks = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Origin(Server):
    """nginx that answers by itself: /<bytes> has a body of that many."""

    def __init__(self, folder, sizes):
        self.port = free_port()
        for size in sizes:
            with open(os.path.join(folder, str(size)), "wb") as file:
                file.write(b"x" * size)
        locations = f"root {folder}; open_file_cache max=10; open_file_cache_valid 1h; default_type text/plain;"
        super().__init__("nginx answering", folder, nginx(folder, "origin", self.port, locations))


class NginxProxy(Server):
    def __init__(self, folder, origin):
        self.port = free_port()
        locations = """
            location / {
                proxy_pass http://origin;
                proxy_http_version 1.1;
                proxy_set_header Connection "";
                proxy_set_header X-Forwarded-For $remote_addr;
                proxy_set_header X-Forwarded-Proto $scheme;
                proxy_set_header X-Forwarded-Host $host;
            }"""
        upstream = f"upstream origin {{ server 127.0.0.1:{origin.port}; keepalive 128; keepalive_requests 100000000; }}"
        super().__init__("nginx", folder, nginx(folder, "proxy", self.port, locations, upstream))


def nginx(folder, name, port, locations, upstream=""):
    """Writes a configuration and returns the command that runs it."""
    path = os.path.join(folder, f"nginx-{name}.conf")
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{name}-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(path, "w", encoding="ascii") as file:
        file.write(f"""
            daemon off;
            {"user root;" if os.geteuid() == 0 else ""}
            worker_processes 1;
            pid {folder}/{name}.pid;
            error_log {folder}/{name}-error.log error;
            events {{ worker_connections 4096; }}
            http {{
                access_log off;
                {temporary}
                sendfile on;
                tcp_nopush on;
                keepalive_requests 100000000;
                keepalive_timeout 1h;
                {upstream}
                server {{ listen 127.0.0.1:{port} backlog=4096; {locations} }}
            }}""")
    return ["nginx", "-p", folder, "-c", path]


class HaProxy(Server):
    def __init__(self, folder, origin):
        self.port = free_port()
        path = os.path.join(folder, "haproxy.cfg")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"""
global
    nbthread 1
    maxconn 8192
defaults
    mode http
    timeout connect 5s
    timeout client 1h
    timeout server 60s
    http-reuse always
    option forwardfor
frontend data
    bind 127.0.0.1:{self.port} backlog 4096
    default_backend origin
backend origin
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    server one 127.0.0.1:{origin.port}
""")
        super().__init__("HAProxy", folder, ["haproxy", "-db", "-f", path])


class Gateway(Server):
    """Breaker, metrics and header rules on, as they are by default."""

    def __init__(self, folder, origin_port, binary):
        self.port, self.admin_port = free_port(), free_port()
        path = os.path.join(folder, f"gateway-{self.port}.yaml")
        with open(path, "w", encoding="ascii") as file:
            json.dump({
                "listeners": [{"address": f"127.0.0.1:{self.port}"}],
                "admin": {"address": f"127.0.0.1:{self.admin_port}"},
                "services": {"origin": {
                    "endpoints": [f"http://127.0.0.1:{origin_port}"],
                    "timeouts": {"total": "10m", "idle": "10m"},
                }},
                "routes": [{"match": {"path_prefix": "/"}, "service": "origin"}],
                "defaults": {"timeouts": {"idle": "10m"}},
            }, file)
        super().__init__("switchgear", folder, [binary, "run", "--config", path, "--threads", "1"])

    def memory(self):
        """Bytes resident now, and the most there were since `forget_peak`."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))

    def forget_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
