"""The admin port: who may use it, what it shows, what it orders, and what it refuses."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

import harness
from harness import PATIENCE, GatewayTest, breaker, free_port, main, wait_until
from scripted_upstream import status

TOKEN = "correct-horse-battery-staple"


class Access(GatewayTest):
    def guarded(self):
        path = os.path.join(self.enterContext(tempfile.TemporaryDirectory(prefix="switchgear-")), "token")
        with open(path, "w", encoding="ascii") as file:
            file.write(TOKEN + "\n")
        admin = {"address": "127.0.0.1:@ADMIN@", "token_file": path}
        return self.start({"shop": self.upstream()}, admin=admin, token=TOKEN)

    def test_behaviour_71_a_token_is_required_on_loopback_too(self):
        gateway = self.guarded()
        everything = (("GET", "/v1/breakers"), ("GET", "/v1/breakers/shop"), ("GET", "/metrics"), ("GET", "/v1/config"),
                      ("GET", "/v1/events"), ("POST", "/v1/reload"), ("POST", "/v1/breakers/shop/trip"))
        for method, path in everything:
            for wrong in ("", "Bearer wrong", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer "):
                body = {"reason": "r", "actor": "a"} if method == "POST" else None
                refused = gateway.admin(method, path, body, {"Authorization": wrong})
                self.assertEqual(refused.status, 401, (path, wrong))
                self.assertEqual(refused.headers["content-type"], "application/problem+json")
                self.assertIn("Bearer", refused.headers["www-authenticate"])
        for path in ("/healthz", "/readyz"):
            self.assertEqual(gateway.admin("GET", path, headers={"Authorization": ""}).status, 200)
        self.assertEqual(gateway.admin("GET", "/v1/breakers").status, 200)
        self.assertEqual(gateway.state("shop"), "closed")
        self.assertNotIn(TOKEN, gateway.log())
        self.assertNotIn(TOKEN, gateway.admin("GET", "/v1/config").text)

    def test_behaviour_71_without_a_token_a_page_from_elsewhere_can_do_nothing(self):
        gateway = self.start({"shop": self.upstream()})
        order = {"reason": "r", "actor": "a"}
        for headers in (
            {"Host": "evil.test"},
            {"Host": f"evil.test:{gateway.admin_port}"},
            {"Origin": "http://evil.test"},
            {"Origin": "null"},
            {"Origin": f"http://127.0.0.1:{gateway.port}"},
        ):
            for method, path, body in (("GET", "/v1/breakers", None), ("POST", "/v1/breakers/shop/trip", order)):
                refused = gateway.admin(method, path, body, headers)
                self.assertEqual(refused.status, 403, headers)
                self.assertEqual(refused.headers["content-type"], "application/problem+json")
        own = {"Origin": f"http://127.0.0.1:{gateway.admin_port}", "Host": f"127.0.0.1:{gateway.admin_port}"}
        self.assertEqual(gateway.admin("GET", "/v1/breakers", headers=own).status, 200)
        self.assertEqual(gateway.admin("GET", "/v1/breakers", headers={"Host": "localhost:1"}).status, 200)
        self.assertEqual(gateway.state("shop"), "closed")

    def test_behaviour_71_an_order_is_json_and_nothing_a_form_can_send(self):
        gateway = self.start({"shop": self.upstream()})
        text = json.dumps({"reason": "r", "actor": "a"})
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            refused = gateway.admin("POST", "/v1/breakers/shop/trip", text, {"Content-Type": content_type})
            self.assertEqual(refused.status, 415, content_type)
        self.assertEqual(gateway.state("shop"), "closed")
        accepted = gateway.admin(
            "POST", "/v1/breakers/shop/trip", text, {"Content-Type": "application/json; charset=utf-8"})
        self.assertEqual(accepted.status // 100, 2)

    def test_behaviour_71_a_blank_reason_is_none(self):
        gateway = self.start({"shop": self.upstream()})
        for who in ({"reason": " "}, {"actor": "   "}):
            refused = gateway.order("shop", "trip", **who)
            self.assertEqual(refused.status, 422)
            self.assertEqual(refused.json()["violations"], [{"field": next(iter(who)), "message": "is blank"}])
        self.assertEqual(gateway.state("shop"), "closed")

    def raw_ask(self, gateway, head):
        """What is answered to these bytes: its status and its body as JSON, which is UTF-8."""
        with socket.create_connection(("127.0.0.1", gateway.admin_port), PATIENCE) as connection:
            connection.sendall(head + b"Connection: close\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return int(answer.split(b" ")[1]), json.loads(answer.split(b"\r\n\r\n", 1)[1].decode("utf-8"))

    def test_what_is_not_utf8_is_shown_as_such(self):
        gateway = self.start({"shop": self.upstream()})
        for code, head in (
            (404, b"GET /v1/breakers/%ff%fe HTTP/1.1\r\nHost: localhost\r\n"),
            (403, b"GET /v1/breakers HTTP/1.1\r\nHost: a\xffb\r\n"),
            (403, b"GET /v1/breakers HTTP/1.1\r\nHost: localhost\r\nOrigin: http://\xff\r\n"),
        ):
            found, problem = self.raw_ask(gateway, head)
            self.assertEqual(found, code, head)
            self.assertIn("\ufffd", problem["detail"], head)

    def test_a_target_in_absolute_form_goes_before_host(self):
        gateway = self.start({"shop": self.upstream()})
        found, breakers = self.raw_ask(gateway, b"GET http://localhost/v1/breakers HTTP/1.1\r\nHost: a.test\r\n")
        self.assertEqual((found, breakers["breakers"][0]["name"]), (200, "shop"))
        refused, _ = self.raw_ask(gateway, b"GET http://a.test/v1/breakers HTTP/1.1\r\nHost: localhost\r\n")
        self.assertEqual(refused, 403)

    def test_behaviour_71_every_order_is_logged_with_who_why_and_from_where(self):
        gateway = self.start({"shop": self.upstream()})
        gateway.order("shop", "trip", reason="the-reason", actor="the-actor")
        words = ("shop", "the-reason", "the-actor", "from=127.0.0.1:")
        wait_until(lambda: any(all(word in line for word in words) for line in gateway.log().splitlines()), "one line with all")

    @unittest.skipUnless(socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"), "no IPv6")
    def test_any_address_of_ipv6_leaves_ipv4_to_the_listeners(self):
        port = free_port()
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="switchgear-"))
        token, path = os.path.join(folder, "token"), os.path.join(folder, "gateway.yaml")
        with open(token, "w", encoding="ascii") as file:
            file.write(TOKEN + "\n")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**self.settings({"shop": self.upstream()}), "listeners": [{"address": f"127.0.0.1:{port}"}],
                       "admin": {"address": f"[::]:{port}", "token_file": token}}, file)
        gateway = subprocess.Popen([harness.BINARY, "run", "--config", path], stderr=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.addCleanup(gateway.wait)
        self.addCleanup(gateway.terminate)

        def healthy():
            self.assertIsNone(gateway.poll(), "it runs")
            connection = http.client.HTTPConnection("::1", port, timeout=PATIENCE)
            try:
                connection.request("GET", "/healthz")
                return connection.getresponse().status == 200
            except OSError:
                return False
            finally:
                connection.close()

        wait_until(healthy, "both ports are open")

    def test_behaviour_71_the_admin_port_is_not_the_data_port(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        self.assertEqual(gateway.admin("GET", "/some/shop/page").status, 404)
        self.assertEqual(upstream.requests, [])


class Orders(GatewayTest):
    def test_behaviour_70_force_open_is_at_once_for_all_workers(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream}, threads=4)
        clients = [self.client(gateway) for _ in range(12)]
        for client in clients:
            self.assertEqual(client.ask("GET", "/").status, 200)
        self.assertEqual(gateway.order("shop", "override", mode="forced_open", for_="10m").status // 100, 2)
        self.assertEqual({client.ask("GET", "/").status for client in clients}, {503})
        self.assertEqual(len(upstream.requests), 12)
        self.assertEqual(gateway.order("shop", "override", mode="none").status // 100, 2)
        self.assertEqual({client.ask("GET", "/").status for client in clients[:1]}, {200})

    def test_behaviour_70_an_override_is_shown_with_reason_author_and_expiry(self):
        gateway = self.start({"shop": self.upstream()})
        gateway.order("shop", "override", mode="forced_open", for_="10m", reason="deploying", actor="ann")
        shown = gateway.snapshot("shop")
        self.assertEqual(shown["override"], "forced_open")
        self.assertEqual((shown["order"]["reason"], shown["order"]["actor"]), ("deploying", "ann"))
        self.assertIsNotNone(shown["order"]["until"])
        self.assertEqual(gateway.metric("switchgear_override", breaker="shop", mode="forced_open"), 1)
        line = gateway.wait_log("deploying")[0]
        self.assertIn("ann", line)

    def test_behaviour_70_an_override_survives_a_reload(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        gateway.order("shop", "override", mode="forced_open", reason="deploying", actor="ann")
        gateway.reload()
        wait_until(lambda: gateway.reloads("success") >= 1, "reloaded")
        self.assertEqual(self.ask(gateway).status, 503)
        shown = gateway.snapshot("shop")
        self.assertEqual((shown["override"], shown["order"]["actor"]), ("forced_open", "ann"))

    def test_behaviour_70_an_override_ends_by_itself(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        gateway.order("shop", "override", mode="forced_open", for_="300ms")
        wait_until(lambda: gateway.snapshot("shop")["override"] == "none", "it has expired")
        self.assertEqual(self.ask(gateway).status, 200)

    def test_force_closed_lets_failures_through_and_says_it_would_have_opened(self):
        upstream = self.upstream(status(500))
        gateway = self.start({"shop": upstream})
        gateway.order("shop", "override", mode="forced_closed", for_="10m")
        self.assertEqual([self.ask(gateway).status for _ in range(6)], [500] * 6)
        self.assertEqual(gateway.metric("switchgear_override", breaker="shop", mode="forced_closed"), 1)
        self.assertEqual(gateway.state("shop"), "closed")

    def test_reset_closes_and_trip_opens(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        self.trip(gateway, upstream)
        self.assertEqual(gateway.order("shop", "reset").status // 100, 2)
        self.assertEqual((gateway.state("shop"), self.ask(gateway).status), ("closed", 200))
        self.assertEqual(gateway.order("shop", "trip").status // 100, 2)
        self.assertEqual((gateway.state("shop"), self.ask(gateway).status), ("open", 503))
        self.assertEqual(gateway.transitions(breaker="shop", to="open", cause="operator_order"), 1)

    def test_orders_that_lack_or_break_something_are_422(self):
        gateway = self.start({"shop": self.upstream()})
        good = {"mode": "forced_open", "reason": "r", "actor": "a"}
        for what, body in (
            ("override", {**good, "reason": None}),
            ("override", {key: good[key] for key in ("mode", "actor")}),
            ("override", {key: good[key] for key in ("mode", "reason")}),
            ("override", {**good, "mode": "half_open"}),
            ("override", {**good, "for": "soon"}),
            ("override", {**good, "for": 10}),
            ("override", {**good, "fro": "10m"}),
            ("override", {**good, "reason": ""}),
            ("trip", {"reason": "r"}),
            ("reset", {"actor": "a"}),
            ("trip", []),
        ):
            method = "PUT" if what == "override" else "POST"
            refused = gateway.admin(method, f"/v1/breakers/shop/{what}", body)
            self.assertEqual(refused.status, 422, body)
            self.assertEqual(refused.headers["content-type"], "application/problem+json")
        self.assertIn(gateway.admin("PUT", "/v1/breakers/shop/override", "{not json").status, (400, 422))
        self.assertEqual((gateway.state("shop"), gateway.snapshot("shop")["override"]), ("closed", "none"))

    def test_an_unknown_breaker_is_404(self):
        gateway = self.start({"shop": self.upstream()})
        self.assertEqual(gateway.admin("GET", "/v1/breakers/nothing").status, 404)
        for what in ("reset", "trip"):
            self.assertEqual(gateway.order("nothing", what).status, 404)
        self.assertEqual(gateway.order("nothing", "override", mode="none").status, 404)
        self.assertEqual(gateway.admin("GET", "/v1/nothing").status, 404)

    def test_names_are_percent_encoded(self):
        upstream = self.upstream()
        gateway = self.start({"shop": {"endpoints": [upstream.url], "breaker": breaker(scope="endpoint")}})
        self.ask(gateway)
        name = f"shop/127.0.0.1:{upstream.port}"
        self.assertEqual(gateway.snapshot(name)["name"], name)
        self.assertEqual(gateway.order(name, "trip").status // 100, 2)
        self.assertEqual(gateway.state(name), "open")

    def test_the_keys_beyond_the_bound_have_one_name_everywhere(self):
        upstream = self.upstream()
        rules = breaker(3, scope="key", key={"header": "X-Tenant"}, max_keys=1)
        gateway = self.start({"shop": {"endpoints": [upstream.url], "breaker": rules}})
        name = "shop/(overflow)"
        self.ask(gateway, headers=[("X-Tenant", "a")])
        gateway.order("shop/a", "override", mode="forced_closed", for_="10m")  # so that it stays
        upstream.answer = status(500)
        for key in "bcd":
            self.ask(gateway, headers=[("X-Tenant", key)])
        wait_until(lambda: gateway.state(name) == "open", "it opened")
        self.assertIn(f"breaker={name}", gateway.wait_log("Downstream failure recorded.")[0])
        refused = self.ask(gateway, headers=[("X-Tenant", "e")])
        self.assertIn(name, refused.header("Circuit-Breaker"))
        self.assertEqual(json.loads(refused.body)["breaker"], name)
        self.assertEqual(gateway.order(name, "trip", for_="30m").json()["name"], name)
        ordered = gateway.wait_log("Operator order carried out.", 2)[-1]
        self.assertIn(f"breaker={name}", ordered)
        self.assertIn("for=10m", ordered, "no pause is longer than max_retry_after")

    def test_a_wrong_method_is_405(self):
        gateway = self.start({"shop": self.upstream()})
        refused = gateway.admin("GET", "/v1/breakers/shop/trip")
        self.assertEqual((refused.status, refused.headers["allow"]), (405, "POST"))


class Views(GatewayTest):
    def test_the_list_and_the_detail_tell_the_same_story(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        self.ask(gateway)
        self.trip(gateway, upstream)
        self.ask(gateway)
        listed = gateway.admin("GET", "/v1/breakers").json()
        listed = listed["breakers"] if isinstance(listed, dict) else listed
        self.assertEqual([found["name"] for found in listed], ["shop"])
        for seen in (listed[0], gateway.snapshot("shop")):
            self.assertEqual((seen["state"], seen["override"], seen["attempt"]), ("open", "none", 1))
            self.assertIn(seen["retry_after_ms"], range(500_000, 600_001))
            totals = seen["totals"]
            self.assertEqual((totals["successes"], totals["failures"], totals["rejected"]), (1, 3, 1))
        detail = gateway.admin("GET", "/v1/breakers/shop").json()
        self.assertEqual(detail["settings"]["trip"]["consecutive_failures"], 3)
        last = detail["transitions"][-1] if detail["transitions"][-1]["to"] == "open" else detail["transitions"][0]
        self.assertEqual((last["from"], last["to"], last["cause"]), ("closed", "open", "consecutive_failures"))
        self.assertEqual((last["evidence"]["observed"], last["evidence"]["threshold"]), (3, 3))

    def test_the_configuration_in_force_has_every_default(self):
        gateway = self.start({"shop": self.upstream()})
        shown = gateway.admin("GET", "/v1/config")
        self.assertEqual(shown.status, 200)
        for word in ("header_bytes", "header_count", "connections", "first_byte", "between_bytes", "probe_timeout"):
            self.assertIn(word, shown.text)

    def test_every_answer_has_a_date(self):
        gateway = self.start({"shop": self.upstream()})
        for path in ("/healthz", "/metrics", "/v1/breakers/nobody"):
            self.assertRegex(gateway.admin("GET", path).headers.get("date", ""), r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")

    def test_liveness_readiness_and_the_root(self):
        gateway = self.start({"shop": self.upstream()})
        self.assertEqual(gateway.admin("GET", "/healthz").status, 200)
        self.assertEqual(gateway.admin("GET", "/readyz").status, 200)

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_accepts_the_metrics(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        self.ask(gateway)
        self.trip(gateway, upstream)
        self.ask(gateway)
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=gateway.admin("GET", "/metrics").text,
            capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_every_promised_metric_is_there(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        self.trip(gateway, upstream)
        self.ask(gateway)
        gateway.reload()
        wait_until(lambda: gateway.reloads("success") >= 1, "reloaded")
        names = {name for name, _, _ in gateway.metrics()}
        for name in (
            "switchgear_state", "switchgear_calls_total", "switchgear_rejections_total", "switchgear_transitions_total",
            "switchgear_override", "switchgear_call_duration_seconds_bucket", "switchgear_call_duration_seconds_sum",
            "switchgear_call_duration_seconds_count", "switchgear_requests_total", "switchgear_upstream_connections",
            "switchgear_config_reloads_total",
        ):
            self.assertIn(name, names)


class Events(GatewayTest):
    """Server-sent events, read from a bare socket."""

    def listen(self, gateway):
        stream = socket.create_connection(("127.0.0.1", gateway.admin_port), PATIENCE)
        self.addCleanup(stream.close)
        stream.sendall(b"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
        return stream.makefile("r", encoding="utf-8", newline="\n")

    def head(self, lines):
        head = []
        while (line := lines.readline().strip()):
            head.append(line.lower())
        return head

    def event(self, lines, accept):
        """The first event that `accept(type, data)` likes; chunk sizes and comments are passed over."""
        kind = "message"
        for line in lines:
            line = line.rstrip("\r\n")
            if line.startswith("event:"):
                kind = line[6:].strip()
            elif line.startswith("data:"):
                data = json.loads(line[5:])
                if accept(kind, data):
                    return data
            elif not line:
                kind = kind if kind else "message"
        self.fail("the stream ended")

    def test_transitions_and_a_snapshot_a_second(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        lines = self.listen(gateway)
        head = self.head(lines)
        self.assertIn("200", head[0])
        self.assertTrue(any(line.startswith("content-type: text/event-stream") for line in head))
        for _ in range(2):
            self.event(lines, lambda kind, data: kind == "snapshot")
        self.trip(gateway, upstream)
        told = self.event(lines, lambda kind, data: kind == "transition")
        self.assertEqual((told["name"], told["from"], told["to"]), ("shop", "closed", "open"))
        self.assertEqual(told["cause"], "consecutive_failures")
        shown = self.event(lines, lambda kind, data: kind == "snapshot" and '"open"' in json.dumps(data))
        self.assertIn("shop", json.dumps(shown))

    def test_a_listener_that_goes_away_disturbs_nobody(self):
        gateway = self.start({"shop": self.upstream()})
        for _ in range(5):
            lines = self.listen(gateway)
            self.head(lines)
            lines.close()
        self.assertEqual(self.ask(gateway).status, 200)
        self.assertEqual(gateway.admin("GET", "/healthz").status, 200)


if __name__ == "__main__":
    main()
