"""The command line: what each command prints, its exit code, and what it does to a running gateway."""

import json
import os
import re
import subprocess
import tempfile

from harness import BINARY, PATIENCE, GatewayTest, breaker, free_port, main, switchgear, wait_until
from scripted_upstream import status

COMMANDS = ("run", "check", "demo", "list", "show", "watch", "explain", "reset", "trip", "force-open", "force-closed", "lift",
            "simulate", "advise")
CLIENTS = {"list": [], "show": ["shop"], "explain": ["shop"], "reset": ["shop", "--reason", "r"],
           "trip": ["shop", "--reason", "r"], "lift": ["shop", "--reason", "r"],
           "force-open": ["shop", "--reason", "r", "--for", "10m"],
           "force-closed": ["shop", "--reason", "r", "--until-lifted"]}


class Usage(GatewayTest):
    def test_help_and_version(self):
        top = switchgear("--help")
        self.assertEqual(top.returncode, 0)
        for command in COMMANDS:
            self.assertRegex(top.stdout, rf"\b{command}\b")
            ended = switchgear(command, "--help")
            self.assertEqual(ended.returncode, 0, command)
            self.assertTrue(ended.stdout, command)
        version = switchgear("--version")
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r"\d+\.\d+\.\d+")

    def test_bad_usage_is_2(self):
        for arguments in (
            (), ("nonsense",), ("run",), ("check",), ("show",), ("list", "--nonsense"), ("list", "--output", "xml"),
            ("reset", "shop"), ("force-open", "shop", "--reason", "r"),
            ("force-open", "shop", "--reason", "r", "--for", "soon"),
            ("force-open", "shop", "--reason", "r", "--for", "1m", "--until-lifted"),
            ("run", "--config", "x", "--threads", "0"), ("run", "--config", "x", "--log-level", "loud"),
            ("run", "--config", "x", "--drain", "30"), ("list", "--admin", "not a url"),
        ):
            ended = switchgear(*arguments)
            self.assertEqual(ended.returncode, 2, (arguments, ended.stdout, ended.stderr))
            self.assertTrue(ended.stderr or not arguments, arguments)

    def test_nobody_there_is_3(self):
        for command, arguments in CLIENTS.items():
            ended = switchgear(command, *arguments, "--admin", f"http://127.0.0.1:{free_port()}")
            self.assertEqual(ended.returncode, 3, (command, ended.stderr))
            self.assertIn("127.0.0.1", ended.stderr)

    def test_an_unknown_breaker_is_1(self):
        gateway = self.start({"shop": self.upstream()})
        for command, arguments in CLIENTS.items():
            if arguments:
                ended = gateway.command(command, "nothing", *arguments[1:])
                self.assertEqual(ended.returncode, 1, (command, ended.stderr))
                self.assertIn("nothing", ended.stderr)


class Orders(GatewayTest):
    def setUp(self):
        super().setUp()
        self.service = self.upstream()
        self.gateway = self.start({"shop": self.service})

    def done(self, *arguments):
        ended = self.gateway.command(*arguments)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended.stdout

    def test_list_and_show(self):
        self.trip(self.gateway, self.service)
        self.assertRegex(self.done("list"), r"shop\s.*open")
        self.assertIn("consecutive_failures", self.done("show", "shop"))
        listed = json.loads(self.done("list", "--output", "json"))
        self.assertIn('"shop"', json.dumps(listed))
        shown = json.loads(self.done("show", "shop", "--output", "json"))
        self.assertIn('"open"', json.dumps(shown))

    def test_explain_says_why_and_what_would_change_it(self):
        self.trip(self.gateway, self.service)
        told = self.done("explain", "shop")
        self.assertIn("open", told)
        self.assertIn("3", told)

    def test_trip_reset_and_the_overrides(self):
        self.done("trip", "shop", "--for", "10m", "--reason", "a reason", "--actor", "ann")
        self.assertEqual(self.ask(self.gateway).status, 503)
        self.done("reset", "shop", "--reason", "a reason")
        self.assertEqual(self.ask(self.gateway).status, 200)
        self.done("force-open", "shop", "--for", "10m", "--reason", "a reason")
        self.assertEqual(self.ask(self.gateway).status, 503)
        self.assertIsNotNone(self.gateway.snapshot("shop")["order"]["until"])
        self.assertIn("@", self.gateway.snapshot("shop")["order"]["actor"])
        self.done("lift", "shop", "--reason", "a reason")
        self.assertEqual(self.ask(self.gateway).status, 200)
        self.done("force-closed", "shop", "--until-lifted", "--reason", "a reason", "--actor", "bob")
        shown = self.gateway.snapshot("shop")
        self.assertEqual((shown["override"], shown["order"]["actor"], shown["order"]["until"]), ("forced_closed", "bob", None))

    def test_watch_tells_changes_as_they_happen(self):
        watching = subprocess.Popen(
            [BINARY, "watch", "--admin", f"http://127.0.0.1:{self.gateway.admin_port}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
        self.addCleanup(watching.stdout.close)
        self.addCleanup(watching.wait)
        self.addCleanup(watching.kill)
        told = watching.stdout.readline()
        self.trip(self.gateway, self.service)
        while "open" not in told:
            line = watching.stdout.readline()
            self.assertTrue(line, f"watch ended after {told!r}")
            told += line
        self.assertIn("shop", told)

    def test_a_token_comes_from_its_file(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="switchgear-"))
        path, wrong = os.path.join(folder, "token"), os.path.join(folder, "wrong")
        for file_path, text in ((path, "right\n"), (wrong, "wrong\n")):
            with open(file_path, "w", encoding="ascii") as file:
                file.write(text)
        gateway = self.start(
            {"shop": self.service}, admin={"address": "127.0.0.1:@ADMIN@", "token_file": path}, token="right")
        self.assertEqual(gateway.command("list", "--token-file", path).returncode, 0)
        self.assertEqual(gateway.command("list", "--token-file", wrong).returncode, 1)
        self.assertEqual(gateway.command("list").returncode, 1)
        for unreadable in ("/no/such/file", folder):
            self.assertEqual(gateway.command("list", "--token-file", unreadable).returncode, 2, unreadable)

    def test_endpoint_breakers_are_reached_by_name(self):
        gateway = self.start({"shop": {"endpoints": [self.service.url], "breaker": breaker(scope="endpoint")}})
        self.ask(gateway)
        name = f"shop/127.0.0.1:{self.service.port}"
        tripped = gateway.command("trip", name, "--reason", "r", "--for", "365d")
        self.assertEqual((tripped.returncode, tripped.stdout), (0, f"{name}: open for 10m\n"))
        self.assertEqual(gateway.state(name), "open")


class Demo(GatewayTest):
    MESSAGES = (
        "Calling downstream URL http://",
        "Downstream failure recorded. failure_count=3 threshold=3",
        "Circuit opened after repeated downstream failures.",
        "Circuit open; rejecting request during cooldown.",
        "Cooldown elapsed; circuit moved to half-open.",
        "Downstream probe failed; circuit reopened.",
        "Downstream probe succeeded; circuit closed.",
    )

    def test_the_demo_shows_the_whole_cycle_and_ends_well(self):
        ended = switchgear("demo", "--once", timeout=60)
        told = ended.stdout + ended.stderr
        self.assertEqual(ended.returncode, 0, told)
        for message in self.MESSAGES:
            self.assertIn(message, told)
        for code in ("200", "502", "503"):
            self.assertRegex(told, rf"\b{code}\b")

    def test_the_demo_stays_up_and_says_where_the_metrics_are(self):
        with tempfile.TemporaryFile("w+") as out:
            demo = subprocess.Popen([BINARY, "demo"], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
            try:
                def told():
                    out.seek(0)
                    return out.read()

                wait_until(lambda: demo.poll() is not None or re.search(r"http://127\.0\.0\.1:\d+/metrics", told()), "metrics")
                self.assertIsNone(demo.poll(), told())
            finally:
                demo.terminate()
                self.assertEqual(demo.wait(PATIENCE), 0)


if __name__ == "__main__":
    main()
