"""The gateway under test as its users meet it: a process with a configuration, a log and two ports.

A test waits for facts (`wait_until`), with a deadline that only a broken gateway reaches; it never
sleeps and hopes. SWITCHGEAR_BINARY names the program.
"""

import dataclasses
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from urllib.parse import quote

from raw_client import PATIENCE, Client
from scripted_upstream import Upstream, status

BINARY = os.environ.get("SWITCHGEAR_BINARY", "switchgear")

# A breaker whose outcome depends on counts alone: it stays open until a test says otherwise.
STAYS_OPEN = {"open_for": "10m", "max_open_for": "1h", "jitter": 0}
QUICK = {"open_for": "200ms", "max_open_for": "1h", "jitter": 0}


def breaker(failures=3, recovery=None, **more):
    """Trips by failures in a row and nothing else."""
    trip = {"consecutive_failures": failures, "failure_ratio": None, **more.pop("trip", {})}
    return {"trip": trip, "recovery": {**STAYS_OPEN, **(recovery or {})}, **more}


def wait_until(fact, what, patience=PATIENCE):
    """Returns the first true value of `fact()`."""
    end = time.monotonic() + patience
    while True:
        value = fact()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"still not so after {patience} s: {what}")
        time.sleep(0.01)


def free_port():
    """A port below the range the kernel gives to outgoing connections, so nobody takes it meanwhile."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def together(count, work):
    """Runs work(0), work(1), … at once and returns what each gave."""
    results, errors = [None] * count, []

    def run(index):
        try:
            results[index] = work(index)
        except BaseException as error:  # reported below, in the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


@dataclasses.dataclass
class Answer:
    """What the admin port said."""

    status: int
    headers: dict
    text: str

    def json(self):
        return json.loads(self.text)


class Gateway:
    """A running `switchgear run`."""

    def __init__(self, settings, threads=2, arguments=(), environment=None, token=None, admin_tls=None):
        self.folder = tempfile.TemporaryDirectory(prefix="switchgear-")
        self.path = os.path.join(self.folder.name, "gateway.yaml")
        self.log_path = os.path.join(self.folder.name, "log")
        self.token = token
        self.admin_tls = admin_tls  # what to trust, if the admin port speaks TLS
        self._settings = settings
        self._command = [BINARY, "run", "--config", self.path, "--threads", str(threads), *arguments]
        self._environment = {**os.environ, **(environment or {})}
        self.process = None
        for attempt in range(5):
            self.port, self.admin_port = free_port(), free_port()
            self.write(settings)
            if self._start():
                return
        raise AssertionError(f"the gateway does not start:\n{self.log()}")

    def write(self, settings):
        """Writes the configuration; `settings` is its content, with {port} and {admin_port} to fill in."""
        text = settings if isinstance(settings, str) else json.dumps(settings, indent=1)
        text = text.replace("@PORT@", str(self.port)).replace("@ADMIN@", str(self.admin_port))
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)

    def _start(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        wait_until(lambda: self.process.poll() is not None or self._ready(), "ready or gone")
        if self.process.poll() is None:
            return True
        if "in use" not in self.log():
            raise AssertionError(f"exit code {self.process.returncode}:\n{self.log()}")
        return False

    def _ready(self):
        try:
            return self.admin("GET", "/readyz").status == 200
        except OSError:
            return False
        except http.client.HTTPException:
            return False

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def lines(self, text):
        written = self.log().rpartition("\n")[0]  # the last line may have come in part
        return [line for line in written.splitlines() if text in line]

    def wait_log(self, text, count=1):
        wait_until(lambda: len(self.lines(text)) >= count, f"{count} × {text!r} in the log")
        return self.lines(text)

    def admin(self, method, path, body=None, headers=None):
        """One request to the admin port; a body that is not text is sent as JSON."""
        given = {"Content-Type": "application/json"} if body is not None else {}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        given.update(headers or {})
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if self.admin_tls:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.admin_port, timeout=PATIENCE, context=self.admin_tls)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=PATIENCE)
        try:
            connection.request(method, path, body=body, headers={k: v for k, v in given.items() if v})
            reply = connection.getresponse()
            text = reply.read().decode("utf-8")
            return Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()}, text)
        finally:
            connection.close()

    def metrics(self):
        """Every sample as (name, {label: value}, number)."""
        samples = []
        for line in self.admin("GET", "/metrics").text.splitlines():
            found = re.fullmatch(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", line)
            if found:
                labels = dict(re.findall(r'(\w+)="((?:\\.|[^"\\])*)"', found[2] or ""))
                samples.append((found[1], labels, float(found[3])))
        return samples

    def metric(self, metric, **labels):
        """The sum of the samples that carry these labels (`class_` for class, `from_` for from)."""
        wanted = {key.rstrip("_"): value for key, value in labels.items()}
        return sum(
            value
            for name, given, value in self.metrics()
            if name == metric and wanted.items() <= given.items()
        )

    def calls(self, **labels):
        return self.metric("switchgear_calls_total", **labels)

    def rejections(self, **labels):
        return self.metric("switchgear_rejections_total", **labels)

    def transitions(self, **labels):
        return self.metric("switchgear_transitions_total", **labels)

    def state(self, name):
        number = self.metric("switchgear_state", breaker=name)
        return {0: "closed", 1: "open", 2: "half_open"}[int(number)]

    def settled(self, count, **labels):
        """Waits until this many calls are settled: a verdict may come just after its answer."""
        wait_until(lambda: self.calls(**labels) >= count, f"{count} calls with {labels}")
        return self.calls(**labels)

    def order(self, name, what, **body):
        """An order of an operator's: reset, trip, override (`for_` for for)."""
        body = {"reason": "test", "actor": "tester", **{key.rstrip("_"): value for key, value in body.items()}}
        method = "PUT" if what == "override" else "POST"
        return self.admin(method, f"/v1/breakers/{quote(name, safe='')}/{what}", body)

    def snapshot(self, name):
        """The breaker as the admin API shows it; its own fields, wherever the detail keeps them."""
        found = self.admin("GET", f"/v1/breakers/{quote(name, safe='')}").json()
        return found.get("snapshot", found)

    def command(self, *arguments, environment=None):
        """A client command of the same binary against this gateway."""
        return switchgear(
            *arguments, "--admin", f"http://127.0.0.1:{self.admin_port}", environment=environment
        )

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def reloads(self, result):
        return self.metric("switchgear_config_reloads_total", result=result)

    def resident(self):
        """Bytes of memory the process holds."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1]) * 1024

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Ends the process; returns what is wrong with how it ended, if anything."""
        trouble = None
        if self.process.poll() is None:
            self.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                trouble = "it did not end after SIGTERM"
        text = self.log()
        if "Sanitizer" in text or "runtime error:" in text:
            trouble = "a sanitizer complained"
        elif self.process.returncode < 0 and not trouble:
            trouble = f"it was ended by signal {-self.process.returncode}"
        return trouble

    def forget(self):
        self.folder.cleanup()


def switchgear(*arguments, environment=None, timeout=PATIENCE):
    """Runs a command of the binary to its end."""
    return subprocess.run(
        [BINARY, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )


class GatewayTest(unittest.TestCase):
    """Starts what a test asks for and ends it afterwards: clients and services first, then gateways."""

    longMessage = True

    def setUp(self):
        self._clients, self._upstreams, self._gateways = [], [], []

    def upstream(self, answer=None, **more):
        upstream = Upstream(answer or status(200), **more)
        self._upstreams.append(upstream)
        return upstream

    def settings(self, services, routes=None, **top):
        """A configuration; `services` maps a name to an upstream or to a whole service.

        A busy machine must not look like an endpoint that can't be reached, so connecting may take long.
        """
        whole = {}
        for name, service in services.items():
            if isinstance(service, Upstream):
                service = {"endpoints": [service.url]}
            timeouts = {"connect": "20s", **service.get("timeouts", {})}
            whole[name] = {"breaker": breaker(), **service, "timeouts": timeouts}
        first = next(iter(services))
        return {
            "listeners": [{"address": "127.0.0.1:@PORT@"}],
            "admin": {"address": "127.0.0.1:@ADMIN@"},
            "services": whole,
            "routes": routes or [{"match": {"path_prefix": "/"}, "service": first}],
            **top,
        }

    def start(self, services, routes=None, **more):
        """A gateway before these services."""
        own = ("threads", "arguments", "environment", "token", "admin_tls")
        options = {key: more.pop(key) for key in own if key in more}
        return self.run_gateway(self.settings(services, routes, **more), **options)

    def run_gateway(self, settings, arguments=(), **options):
        gateway = Gateway(settings, arguments=("--drain", "2s", *arguments), **options)
        self._gateways.append(gateway)
        return gateway

    def client(self, gateway, **more):
        client = Client(gateway.port, **more)
        self._clients.append(client)
        return client

    def ask(self, gateway, method="GET", target="/", headers=(), body=None, **more):
        """One request on a connection of its own."""
        client = Client(gateway.port)
        try:
            return client.ask(method, target, headers, body, **more)
        finally:
            client.close()

    def trip(self, gateway, upstream, failures=3, shown=500):
        """Opens the circuit by real failures, and puts the upstream's script back. `shown`: to the client."""
        before, upstream.answer = upstream.answer, status(500)
        for _ in range(failures):
            self.assertEqual(self.ask(gateway).status, shown)
        upstream.answer = before
        wait_until(lambda: gateway.transitions(to="open") >= 1, "the circuit is open")

    def tearDown(self):
        for client in self._clients:
            client.close()
        for upstream in self._upstreams:
            upstream.stop()
        self._troubles = [gateway.stop() for gateway in self._gateways]
        self.assertEqual([trouble for trouble in self._troubles if trouble], [])

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        for gateway in getattr(self, "_gateways", []):
            if len(result.failures) + len(result.errors) > before:
                tail = "\n".join(gateway.log().splitlines()[-40:])
                print(f"--- log of the gateway in {self.id()}\n{tail}\n---", file=sys.stderr)
            gateway.forget()
        return result


def main():
    unittest.main(verbosity=2)
