"""A real nginx on a free port, with a folder of its own, that can be told how to behave."""

import os
import re
import signal
import socket
import subprocess
import tempfile

from harness import PATIENCE, free_port, wait_until

CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    log_format counted '$request_uri $status';
    access_log {folder}/access.log counted;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout {keepalive};
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{
            if (-f {folder}/mode/overloaded) {{ return 503; }}
            if (-f {folder}/mode/limited) {{
                add_header Retry-After 2 always;
                return 429;
            }}
            if (!-f {folder}/mode/hanging) {{ return 200 "well\\n"; }}
            proxy_pass http://127.0.0.1:{hole};
        }}
    }}
}}
"""


class Nginx:
    """`behave(mode)`: None (200), "overloaded" (503), "limited" (429, Retry-After), "hanging"."""

    def __init__(self, keepalive="75s"):
        self._folder = tempfile.TemporaryDirectory(prefix="switchgear-nginx-")
        self.folder = self._folder.name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        os.mkdir(os.path.join(self.folder, "mode"))
        # Connections to it are made by the kernel and never looked at: nginx waits for ever.
        self._hole = socket.create_server(("127.0.0.1", 0), backlog=1024)
        with open(os.path.join(self.folder, "nginx.conf"), "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(
                folder=self.folder, port=self.port, keepalive=keepalive, hole=self._hole.getsockname()[1],
                user="user root;" if os.geteuid() == 0 else "",
            ))
        self._process = None
        self.start()

    def start(self):
        self._process = subprocess.Popen(
            ["nginx", "-p", self.folder, "-c", "nginx.conf"],
            env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin"},
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        wait_until(self._listens, "nginx listens")

    def _listens(self):
        if self._process.poll() is not None:
            with open(os.path.join(self.folder, "error.log"), encoding="utf-8") as file:
                raise AssertionError(f"nginx ended: {file.read()}")
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            return False

    def stop(self):
        """Ends it at once, connections and all."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)

    def behave(self, mode):
        folder = os.path.join(self.folder, "mode")
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))
        if mode:
            with open(os.path.join(folder, mode), "w", encoding="ascii"):
                pass

    def logged(self):
        """What its own access log says: [(path, status)], one for each request that reached it."""
        with open(os.path.join(self.folder, "access.log"), encoding="ascii") as file:
            return [(path, int(code)) for path, code in re.findall(r"^(\S+) (\d+)$", file.read(), re.MULTILINE)]

    def forget(self):
        if self._process.poll() is None:
            self.stop()
        self._hole.close()
        self._folder.cleanup()
