"""The access log: a line for each request, and `switchgear simulate` reads the file as the gateway wrote it."""

import contextlib
import json
import os
import tempfile
import time

from harness import GatewayTest, breaker, free_port, main, switchgear, wait_until
from raw_client import Client
from scripted_upstream import hang, reset, status

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def by_path(exchange):
    """Answers as the path says: /500, /hang, /reset; else 200."""
    what = exchange.request.target.split("/")[1]
    if what == "hang":
        hang(exchange)
    elif what == "reset":
        reset(exchange)
    elif what == "429":
        status(429, [("Retry-After", "2")])(exchange)
    else:
        status(int(what) if what.isdigit() else 200)(exchange)


class AccessLogTest(GatewayTest):
    def setUp(self):
        super().setUp()
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="switchgear-"))
        self.file = os.path.join(self.folder, "access.log")

    def start(self, *services, **more):
        """With one worker: of two, the line of a later request may come first."""
        return super().start(*services, **{"threads": 1, **more})

    def lines(self, count, file=None):
        """Waits until the file has so many lines, and reads them."""

        def there():
            try:
                with open(file or self.file, encoding="utf-8") as read:
                    found = read.read().splitlines(keepends=True)
            except FileNotFoundError:
                return None
            return found if len(found) >= count and found[-1].endswith("\n") else None

        found = wait_until(there, f"{count} lines in the access log")
        self.assertEqual(len(found), count, found)
        return [json.loads(line) for line in found]

    def simulated(self, gateway, service):
        """What `simulate` says of the log, read under the configuration that wrote it; no line may be bad."""
        ended = switchgear("simulate", self.file, "--settings", gateway.path, "--service", service, "--output", "json")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertNotIn("bad", ended.stderr)
        told = [json.loads(line) for line in ended.stdout.splitlines()]
        return told[:-1], told[-1]

    def ask(self, *what, **how):
        # Lines tell the time in milliseconds: of calls within the same one nobody knows which ended first.
        time.sleep(0.005)
        return super().ask(*what, **how)

    def gone(self, gateway, upstream, target):
        """A client that asks and goes away before there is an answer."""
        before = len(upstream.requests)
        client = Client(gateway.port)
        client.request("GET", target)
        wait_until(lambda: len(upstream.requests) > before, "asked")
        client.reset()


class ReadBySimulate(AccessLogTest):
    def test_a_call_of_every_kind(self):
        upstream = self.upstream(by_path)
        gateway = self.start(
            {"shop": {"endpoints": [upstream.url], "timeouts": {"first_byte": "1s"}}, "other": upstream},
            routes=[{"match": {"path_prefix": "/other/"}, "service": "other", "strip_prefix": True},
                    {"match": {"path_prefix": "/"}, "service": "shop"}],
            access_log=self.file,
        )
        asked = ["/a", "/500", "/b", "/hang", "/c", "/reset", "/d", "/429"]
        self.assertEqual([self.ask(gateway, "GET", target).status for target in asked],
                         [200, 500, 200, 504, 200, 502, 200, 429])
        self.gone(gateway, upstream, "/hang/gone")
        self.lines(9)
        self.assertEqual(self.ask(gateway, "GET", "/e").status, 200)
        self.assertEqual([self.ask(gateway, "GET", "/500").status for _ in range(3)], [500] * 3)
        self.assertEqual([self.ask(gateway, "GET", "/refused").status for _ in range(2)], [503] * 2)
        self.assertEqual(self.ask(gateway, "GET", "/other/x").status, 200)
        lines = self.lines(16)
        told = [(line["path"], line["status"], line["verdict"], line.get("class"), line.get("reason")) for line in lines]
        self.assertEqual(told, [
            ("/a", 200, "success", None, None),
            ("/500", 500, "failure", "error", None),
            ("/b", 200, "success", None, None),
            ("/hang", 504, "failure", "timeout", None),
            ("/c", 200, "success", None, None),
            ("/reset", 502, "failure", "unreachable", None),
            ("/d", 200, "success", None, None),
            ("/429", 429, "failure", "overloaded", None),
            ("/hang/gone", 499, "ignored", None, None),
            ("/e", 200, "success", None, None),
            *[("/500", 500, "failure", "error", None)] * 3,
            *[("/refused", 503, "none", None, "open")] * 2,
            ("/other/x", 200, "success", None, None),
        ])
        self.assertEqual(lines[7]["retry_after_ms"], 2000)
        self.assertGreater(lines[3]["duration_ms"], 980)  # limits go by a coarse clock
        self.assertEqual([line["state"] for line in lines[9:15]], ["closed"] * 4 + ["open"] * 2)
        self.assertEqual({line["service"] for line in lines[:15]}, {"shop"})

        moves, summary = self.simulated(gateway, "shop")
        self.assertEqual(summary["calls"], gateway.calls(breaker="shop"))
        self.assertEqual((summary["calls"], summary["admitted"], summary["trips"]), (13, 13, 1))
        self.assertEqual([(move["from"], move["to"], move["cause"]) for move in moves],
                         [("closed", "open", "consecutive_failures")])
        self.assertEqual(self.simulated(gateway, "other")[1]["calls"], 1)

    def test_each_key_has_its_breaker(self):
        upstream = self.upstream(by_path)
        rules = breaker(2, scope="key", key={"header": "X-Tenant"}, max_keys=2)
        gateway = self.start({"shop": {"endpoints": [upstream.url], "breaker": rules}}, access_log=self.file)
        asked = [("a", "/"), ("b/ü", "/"), ("a", "/500"), ("b/ü", "/500"), ("a", "/500"), ("a", "/"), ("b/ü", "/"), ("c", "/")]
        for key, target in asked:
            self.ask(gateway, "GET", target, headers=[("X-Tenant", key)])
        lines = self.lines(len(asked))
        second = "b%2F%FC"
        self.assertEqual([line["key"] for line in lines[:7]], ["a", second, "a", second, "a", "a", second])
        self.assertEqual([line["breaker"] for line in lines], [f"shop/{line['key']}" for line in lines])
        self.assertEqual([line["verdict"] for line in lines],
                         ["success", "success", "failure", "failure", "failure", "none", "success", "success"])
        moves, summary = self.simulated(gateway, "shop")
        self.assertEqual([(move["key"], move["to"]) for move in moves], [("a", "open")])
        self.assertEqual((summary["calls"], summary["trips"]), (7, 1))

    def test_a_call_begins_where_its_line_says(self):
        upstream = self.upstream(by_path)
        gateway = self.start({"shop": {"endpoints": [upstream.url], "timeouts": {"first_byte": "1s"}}},
                             access_log=self.file)
        self.ask(gateway, "GET", "/hang")
        self.ask(gateway, "GET", "/")
        timed_out, good = self.lines(2)
        for line in (timed_out, good):
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            parts = sum(line.get(part, 0) for part in ("connect_ms", "first_byte_ms", "body_ms"))
            self.assertLessEqual(parts, line["duration_ms"] + 0.01, line)
        self.assertNotIn("first_byte_ms", timed_out)
        self.assertIn("first_byte_ms", good)


class Lines(AccessLogTest):
    def test_nothing_unless_asked_for(self):
        gateway = self.start({"shop": self.upstream()})
        self.ask(gateway)
        self.assertIsNone(gateway.admin("GET", "/v1/config").json()["access_log"])
        gateway.terminate()
        gateway.process.wait(30)
        self.assertEqual(gateway.lines("Request ended."), [])

    def test_what_a_call_was(self):
        upstream = self.upstream(status(200, body=b"x" * 1000))
        gateway = self.start({"shop": upstream}, access_log=self.file)
        client = self.client(gateway)
        traced = [("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")]
        client.request("GET", "/first?token=secret", headers=traced)
        first_bytes = len(client.socket.recv(65536))
        client.ask("HEAD", "/second")
        first, second = self.lines(2)
        self.assertEqual((first["method"], first["path"]), ("GET", "/first"))
        self.assertEqual(first["trace_id"], TRACE)
        self.assertEqual(first["endpoint"], upstream.url)
        self.assertEqual(first["breaker"], "shop")
        self.assertEqual(first["attempt"], 1)
        self.assertGreater(first["bytes"], 1000)
        self.assertEqual(first["bytes"], first_bytes)
        self.assertIn("connect_ms", first)
        self.assertEqual(second["method"], "HEAD")
        self.assertLess(second["bytes"], 1000)
        self.assertNotIn("connect_ms", second, "a pooled connection")
        self.assertNotIn("trace_id", second)
        self.assertNotIn("key", second)

    def test_a_request_that_was_sent_again_has_two_attempts(self):
        def script(exchange):
            exchange.read_body()
            if exchange.request.place == 2:
                exchange.close()
            else:
                status(200)(exchange)

        gateway = self.start({"shop": self.upstream(script)}, access_log=self.file)
        client = self.client(gateway)
        self.assertEqual([client.ask("GET", "/").status for _ in range(2)], [200, 200])
        self.assertEqual([line["attempt"] for line in self.lines(2)], [1, 2])

    def test_requests_that_no_service_was_asked_about(self):
        gateway = self.start(
            {"shop": self.upstream()},
            routes=[{"match": {"path_prefix": "/shop/", "methods": ["GET"]}, "service": "shop"}],
            access_log=self.file,
        )
        self.assertEqual(self.ask(gateway, "GET", "/none?x").status, 404)
        self.assertEqual(self.ask(gateway, "PUT", "/shop/1", body=b"").status, 405)
        client = self.client(gateway)
        client.send(b"nonsense\r\n\r\n")
        self.assertEqual(client.read_head().status, 400)
        lines = self.lines(3)
        self.assertEqual([(line.get("path"), line["status"], line["reason"]) for line in lines],
                         [("/none", 404, "no_route"), ("/shop/1", 405, "method_not_allowed"), (None, 400, "bad_request")])
        for line in lines:
            self.assertEqual(line["verdict"], "none")
            self.assertNotIn("service", line)
            self.assertNotIn("breaker", line)
            self.assertGreater(line["bytes"], 0)

    def test_a_client_cannot_forge_a_line(self):
        gateway = self.start({"shop": self.upstream()}, access_log=self.file)
        self.ask(gateway, "GET", "/a\",\"status\":200}%0a\xff\xe9?\"")
        self.ask(gateway, "GET", "/" + "\xff" * 5000)
        first, second = self.lines(2)
        self.assertEqual(first["path"], "/a\",\"status\":200}%0a%FF%E9")
        self.assertEqual(len(second["path"]), 1 + 2047 * 3 + 3)
        self.assertEqual(switchgear("advise", self.file).returncode, 0)


class Where(AccessLogTest):
    def test_standard_error_has_them_among_the_other_lines(self):
        for arguments, begin in (((), "["), (("--log-format", "json"), "{")):
            gateway = self.start({"shop": self.upstream()}, access_log="stderr", arguments=("--log-level", "error", *arguments))
            self.assertEqual(gateway.admin("GET", "/v1/config").json()["access_log"], "stderr")
            self.ask(gateway, "GET", "/a%20b?c")
            line = gateway.wait_log("Request ended.")[0]
            if begin == "{":
                self.assertEqual(json.loads(line)["path"], "/a%20b")
            else:
                self.assertRegex(line, r"^\S+Z \[INFO\] Request ended\. method=GET path=/a%20b status=200 bytes=\d+ duration_ms=")

    def test_the_argument_goes_before_the_configuration(self):
        gateway = self.start({"shop": self.upstream()}, access_log="stderr", arguments=("--access-log", self.file))
        self.ask(gateway)
        self.lines(1)
        self.assertEqual(gateway.admin("POST", "/v1/reload", {}).status // 100, 2)
        self.ask(gateway)
        self.lines(2)
        self.assertEqual(gateway.admin("GET", "/v1/config").json()["access_log"], self.file)
        self.assertEqual(gateway.lines("Request ended."), [])
        for wrong in ("", "-", "true"):
            ended = switchgear("run", "--config", gateway.path, "--access-log", wrong)
            self.assertEqual(ended.returncode, 2)
            self.assertIn("expected off, stderr or the name of a file", ended.stderr)

    def test_a_reload_turns_it_on_elsewhere_and_off(self):
        upstream, other = self.upstream(), os.path.join(self.folder, "other.log")
        gateway = self.start({"shop": upstream})
        self.ask(gateway, "GET", "/1")
        for target, place in (("/2", self.file), ("/3", other), ("/4", "off")):
            gateway.write(self.settings({"shop": upstream}, access_log=place))
            self.assertEqual(gateway.admin("POST", "/v1/reload", {}).status // 100, 2)
            self.ask(gateway, "GET", target)
        self.assertEqual(self.lines(1)[0]["path"], "/2")
        self.assertEqual(self.lines(1, other)[0]["path"], "/3")

        def open_files():
            folder = f"/proc/{gateway.process.pid}/fd"
            for one in os.listdir(folder):
                with contextlib.suppress(FileNotFoundError):  # closed since it was listed
                    yield os.readlink(os.path.join(folder, one))

        wait_until(lambda: not any(one.endswith(".log") for one in open_files()), "the files are closed")

    def test_a_hangup_opens_the_file_again_even_if_the_configuration_is_wrong_then(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream}, access_log=self.file)
        for turn, text in ((1, None), (2, "services: [")):
            self.ask(gateway, "GET", f"/before-{turn}")
            self.lines(1)
            os.rename(self.file, f"{self.file}.{turn}")
            if text:
                gateway.write(text)
            self.reopen(gateway)
            self.ask(gateway, "GET", f"/after-{turn}")
            self.assertEqual(self.lines(1)[0]["path"], f"/after-{turn}")
            self.assertEqual(self.lines(1, f"{self.file}.{turn}")[0]["path"], f"/before-{turn}")
            os.remove(self.file)
            self.reopen(gateway)

    def reopen(self, gateway):
        before = gateway.metric("switchgear_config_reloads_total")
        gateway.reload()
        wait_until(lambda: gateway.metric("switchgear_config_reloads_total") > before, "reloaded, well or not")
        self.assertTrue(os.path.exists(self.file), "made anew")

    def test_a_file_that_cannot_be_written_is_refused(self):
        gateway = self.start({"shop": self.upstream()}, access_log=self.file)
        nowhere = os.path.join(self.folder, "none", "access.log")
        gateway.write(self.settings({"shop": self.upstream()}, access_log=nowhere))
        self.assertEqual(gateway.admin("POST", "/v1/reload", {}).status, 422)
        checked = switchgear("check", gateway.path)
        self.assertEqual(checked.returncode, 2)
        self.assertIn("access_log: there is no folder", checked.stderr)
        self.ask(gateway)
        self.lines(1)
        ended = switchgear("run", "--config", gateway.path, "--access-log", nowhere)
        self.assertEqual(ended.returncode, 2, "the configuration itself is wrong too")
        port, admin = gateway.port, gateway.admin_port
        gateway.port, gateway.admin_port = free_port(), free_port()
        gateway.write(self.settings({"shop": self.upstream()}))
        gateway.port, gateway.admin_port = port, admin
        ended = switchgear("run", "--config", gateway.path, "--access-log", nowhere)
        self.assertEqual(ended.returncode, 1)
        self.assertIn(f"access_log: cannot write to {nowhere}: No such file or directory", ended.stderr)

    def test_a_pipe_that_nobody_empties_blocks_no_request_and_no_reload(self):
        os.mkfifo(self.file)
        reader = os.open(self.file, os.O_RDONLY | os.O_NONBLOCK)
        try:
            gateway = self.start({"shop": self.upstream()}, access_log=self.file)
            client = self.client(gateway)
            path = "/" + "x" * 2000
            for _ in range(100):  # far more than a pipe holds
                self.assertEqual(client.ask("GET", path).status, 200)
            other = os.path.join(self.folder, "other.log")
            gateway.write(self.settings({"shop": self.upstream()}, access_log=other))
            self.assertEqual(gateway.admin("POST", "/v1/reload", {}).status // 100, 2)
            self.assertEqual(client.ask("GET", "/after").status, 200)

            def there():
                with open(other, encoding="utf-8") as read:
                    return '"path":"/after"' in read.read()

            wait_until(there, "the lines go on elsewhere")
        finally:
            os.close(reader)


if __name__ == "__main__":
    main()
