"""What the gateway says: its statuses, the headers and problem documents that go with them, its log."""

import email.utils
import json
import os
import resource
import shlex
import tempfile
import threading
import time
import unittest.mock

import harness
from harness import QUICK, GatewayTest, breaker, free_port, main, together, wait_until
from raw_client import PATIENCE, Gone
from scripted_upstream import Held, hang, raw, reset, status

STATIC = {"status": 203, "headers": {"Content-Type": "application/json", "X-Stand-In": "yes"}, "body": '{"items": []}'}


def parameters(header):
    """A structured header: its item and its parameters."""
    item, *rest = [part.strip() for part in header.split(";")]
    return item, dict(part.split("=", 1) for part in rest)


class Refusals(GatewayTest):
    def refusal(self, **service):
        upstream = self.upstream()
        gateway = self.start({"shop": {"endpoints": [upstream.url], **service}})
        self.trip(gateway, upstream, shown=203 if service.get("fallback", {}).get("when") == "both" else 500)
        before = len(upstream.requests)
        reply = self.ask(gateway)
        self.assertEqual(len(upstream.requests), before)
        return reply

    def test_behaviour_57_the_refusal_is_503_and_says_when_to_come_back(self):
        reply = self.refusal()
        self.assertEqual(reply.status, 503)
        seconds = int(reply.header("Retry-After"))
        name, fields = parameters(reply.header("Circuit-Breaker"))
        self.assertEqual((name, fields["state"], fields["reason"]), ("shop", "open", "open"))
        milliseconds = int(fields["retry-after-ms"])
        self.assertIn(milliseconds, range(540_000, 600_001))
        self.assertEqual(seconds, -(-milliseconds // 1000), "rounded up")
        proxy, error = parameters(reply.header("Proxy-Status"))
        self.assertEqual(proxy, "switchgear")
        self.assertIn("error", error)
        self.assertEqual(reply.header("Content-Type"), "application/problem+json")
        problem = json.loads(reply.body)
        self.assertEqual(
            (problem["status"], problem["breaker"], problem["state"], problem["reason"]), (503, "shop", "open", "open")
        )
        self.assertEqual(problem["retry_after_ms"], milliseconds)
        self.assertTrue(problem["title"] and problem["detail"])

    def test_behaviour_57_the_refusal_of_a_head_request_has_no_body(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        self.trip(gateway, upstream)
        client = self.client(gateway)
        for _ in range(2):
            reply = client.ask("HEAD", "/")
            self.assertEqual((reply.status, reply.body), (503, b""))
            self.assertIsNotNone(reply.header("Retry-After"))
        self.assertEqual(client.pending, b"")
        self.assertEqual(client.ask("GET", "/").status, 503, "still in step")

    def test_retry_after_is_at_least_one_second(self):
        upstream = self.upstream()
        gateway = self.start({"shop": {"endpoints": [upstream.url], "breaker": breaker(1, {**QUICK, "probe_timeout": "10m"})}})
        self.trip(gateway, upstream, 1)
        reply = self.ask(gateway)
        if reply.status == 503:
            self.assertEqual(reply.header("Retry-After"), "1")
            self.assertLessEqual(int(parameters(reply.header("Circuit-Breaker"))[1]["retry-after-ms"]), 200)

    def test_a_refusal_keeps_the_connection_when_the_body_was_read(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        self.trip(gateway, upstream)
        client = self.client(gateway)
        for _ in range(3):
            self.assertEqual(client.ask("POST", "/", body=b"small").status, 503)

    def test_a_refusal_of_a_large_upload_comes_before_its_end(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        self.trip(gateway, upstream)
        client = self.client(gateway)
        client.request("POST", "/", [("Content-Length", "1000000000")])
        self.assertEqual(client.response().status, 503)

    def test_a_fallback_stands_in_for_what_is_refused(self):
        for when in ({}, {"when": "refused"}, {"when": "both"}):
            reply = self.refusal(fallback={**STATIC, **when})
            self.assertEqual((reply.status, reply.body), (203, b'{"items": []}'))
            self.assertEqual(reply.all("Content-Type"), ["application/json"])
            self.assertEqual(reply.header("X-Stand-In"), "yes")
            self.assertEqual(parameters(reply.header("Circuit-Breaker"))[1]["reason"], "open")
            self.assertIn("switchgear", reply.header("Proxy-Status"))

    def test_a_fallback_for_failures_is_not_for_refusals(self):
        self.assertEqual(self.refusal_after_fallbacks().status, 503)

    def refusal_after_fallbacks(self):
        upstream = self.upstream(status(500))
        gateway = self.start({"shop": {"endpoints": [upstream.url], "fallback": {**STATIC, "when": "failed"}}})
        for _ in range(3):
            self.assertEqual(self.ask(gateway).status, 203)
        wait_until(lambda: gateway.state("shop") == "open", "open")
        return self.ask(gateway)

    def test_force_open_refuses_with_its_own_reason(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        gateway.order("shop", "override", mode="forced_open", for_="10m")
        reply = self.ask(gateway)
        self.assertEqual(reply.status, 503)
        self.assertEqual(parameters(reply.header("Circuit-Breaker"))[1]["reason"], "forced_open")
        self.assertEqual(gateway.rejections(reason="forced_open"), 1)


class Dates(GatewayTest):
    def is_now(self, reply):
        """It has one Date, of this moment."""
        self.assertEqual(len(reply.all("Date")), 1, reply.headers)
        said = email.utils.parsedate_to_datetime(reply.header("Date"))
        self.assertRegex(reply.header("Date"), r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertLess(abs(time.time() - said.timestamp()), PATIENCE)

    def test_every_answer_has_one_and_only_one(self):
        upstream = self.upstream()
        services = {"plain": upstream, "stand_in": {"endpoints": [upstream.url], "fallback": STATIC}}
        routes = [{"match": {"path_prefix": f"/{name}"}, "service": name} for name in services]
        gateway = self.start(services, routes)
        self.is_now(self.ask(gateway, target="/plain"))
        self.is_now(self.ask(gateway, target="/nowhere"))
        for name, code in (("plain", 503), ("stand_in", 203)):
            gateway.order(name, "override", mode="forced_open", for_="10m")
            reply = self.ask(gateway, target=f"/{name}")
            self.assertEqual(reply.status, code)
            self.is_now(reply)
        client = self.client(gateway)
        client.send(b"nonsense\r\n\r\n")
        self.is_now(client.response())

    def test_the_services_own_stays(self):
        then = "Sun, 06 Nov 1994 08:49:37 GMT"
        reply = self.ask(self.start({"shop": self.upstream(status(200, [("Date", then)]))}))
        self.assertEqual(reply.all("Date"), [then])

    def test_an_interim_answer_needs_none(self):
        upstream = self.upstream(raw(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
        reply = self.ask(self.start({"shop": upstream}))
        self.assertEqual(reply.interim[0].all("Date"), [])
        self.is_now(reply)


class Failures(GatewayTest):
    def test_an_answer_of_the_service_passes_as_sent_and_tells_the_state(self):
        upstream = self.upstream(status(500, [("X-Own", "yes"), ("Circuit-Breaker", "theirs; state=open")], b"sorry"))
        gateway = self.start({"shop": upstream})
        reply = self.ask(gateway)
        self.assertEqual((reply.status, reply.body, reply.header("X-Own")), (500, b"sorry", "yes"))
        self.assertEqual(len(reply.all("Circuit-Breaker")), 1)
        name, fields = parameters(reply.header("Circuit-Breaker"))
        self.assertEqual((name, fields["state"]), ("shop", "closed"))

    def test_expose_false_says_nothing_on_what_passes(self):
        upstream = self.upstream(status(200, [("Circuit-Breaker", "theirs; state=open")]))
        gateway = self.start({"shop": {"endpoints": [upstream.url], "expose": False}})
        self.assertNotIn("shop", "".join(self.ask(gateway).all("Circuit-Breaker")))
        self.trip(gateway, upstream)
        self.assertIsNotNone(self.ask(gateway).header("Circuit-Breaker"), "our own answers always do")

    def test_bad_gateway_puts_502_and_the_state_in_the_place_of_a_failure(self):
        upstream = self.upstream(status(500, [("X-Own", "yes")], b"a stack trace"))
        gateway = self.start({"shop": {"endpoints": [upstream.url], "on_failure": "bad_gateway"}})
        client = self.client(gateway)
        for number in (1, 2, 3):
            reply = client.ask("GET", "/")
            self.assertEqual(reply.status, 502)
            self.assertNotIn(b"stack trace", reply.body)
            problem = json.loads(reply.body)
            self.assertEqual((problem["status"], problem["breaker"]), (502, "shop"))
            self.assertEqual(problem["state"], "open" if number == 3 else "closed")
            self.assertEqual(parameters(reply.header("Circuit-Breaker"))[1]["state"], problem["state"])
            self.assertIn("switchgear", reply.header("Proxy-Status"))
        self.assertEqual(client.ask("GET", "/").status, 503)
        self.assertEqual(len(upstream.requests), 3)
        upstream.answer = status(404)
        gateway.order("shop", "reset")
        self.assertEqual(client.ask("GET", "/").status, 404)

    def test_connection_trouble_is_a_problem_document_with_the_breaker(self):
        gateway = self.start({"shop": {"endpoints": [f"http://127.0.0.1:{free_port()}"]}})
        reply = self.ask(gateway)
        self.assertEqual(reply.status, 502)
        problem = json.loads(reply.body)
        self.assertEqual((problem["status"], problem["breaker"], problem["state"]), (502, "shop", "closed"))
        self.assertEqual(reply.header("Content-Type"), "application/problem+json")
        self.assertEqual(parameters(reply.header("Circuit-Breaker"))[0], "shop")

    def test_a_fallback_stands_in_for_failures_before_the_head_was_sent(self):
        upstream = self.upstream()
        gateway = self.start({"shop": {
            "endpoints": [upstream.url],
            "breaker": breaker(1000),
            "timeouts": {"first_byte": "1s"},
            "fallback": {**STATIC, "when": "both"},
        }})
        for script in (status(500), status(503), reset, hang):
            upstream.answer = script
            reply = self.ask(gateway)
            self.assertEqual((reply.status, reply.body), (203, b'{"items": []}'))
        gateway.settled(4, verdict="failure")
        self.assertEqual(gateway.metric("switchgear_fallbacks_total", service="shop"), 4)
        upstream.answer = status(404)
        self.assertEqual(self.ask(gateway).status, 404)

    def test_a_fallback_for_refusals_lets_failures_through(self):
        upstream = self.upstream(status(500))
        gateway = self.start({"shop": {"endpoints": [upstream.url], "fallback": STATIC}})
        self.assertEqual(self.ask(gateway).status, 500)

    def test_observe_lets_everything_through(self):
        upstream = self.upstream(status(500))
        gateway = self.start({"shop": {"endpoints": [upstream.url], "breaker": breaker(2, mode="observe")}})
        self.assertEqual([self.ask(gateway).status for _ in range(6)], [500] * 6)
        self.assertEqual(gateway.state("shop"), "open")
        self.assertEqual(gateway.rejections(), 0)

    def test_requests_are_counted_by_service_and_code(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        client = self.client(gateway)
        for code in (200, 404, 500):
            upstream.answer = status(code)
            client.ask("GET", "/")
        for code in ("200", "404", "500"):
            wait_until(lambda: gateway.metric("switchgear_requests_total", service="shop", code=code) == 1, code)
        gateway.settled(3)
        self.assertEqual(gateway.metric("switchgear_call_duration_seconds_count", breaker="shop"), 3)
        wait_until(lambda: gateway.metric("switchgear_upstream_connections", service="shop") == 1, "it is kept")


class ConnectionLimit(GatewayTest):
    def test_connections_over_the_limit_are_turned_away_and_others_go_on(self):
        held = Held()
        upstream = self.upstream(held)
        gateway = self.start({"shop": upstream}, limits={"connections": 2})
        busy = [self.client(gateway) for _ in range(2)]
        for client in busy:
            client.request()
        wait_until(lambda: held.waiting == 2, "both are served")
        extra = self.client(gateway)
        try:
            extra.request()
            reply = extra.response()
            self.assertEqual(reply.status, 503)
            self.assertEqual(reply.header("Connection"), "close")
        except (Gone, OSError):
            pass
        self.assertEqual(held.waiting, 2)
        held.release()
        self.assertEqual([client.response().status for client in busy], [200, 200])
        for client in busy:
            client.close()
        upstream.answer = status(200)

        def served():
            try:
                return self.ask(gateway).status == 200
            except (Gone, OSError):
                return False

        wait_until(served, "there is room again")


class Descriptors(GatewayTest):
    """Those of the process. A limit of its own is none of the service's doing."""

    def test_behaviour_37_a_service_is_not_charged_when_no_descriptor_is_left_to_call_it(self):
        upstream = self.upstream()
        gateway = self.start({"shop": {"endpoints": [upstream.url], "breaker": breaker(1)}}, threads=1)
        client = self.client(gateway)
        wait_until(lambda: gateway.metric("switchgear_client_connections") == 1, "it is accepted")
        before = resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, (1, before[1]))
        reply = client.ask("GET", "/")
        resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, before)
        self.assertEqual((reply.status, reply.header("Connection")), (503, "close"))
        self.assertIn("error=connection_limit_reached", reply.header("Proxy-Status"))
        self.assertEqual(reply.header("Retry-After"), "1")
        self.assertEqual(gateway.settled(1, verdict="ignored"), 1)
        self.assertEqual((gateway.calls(), gateway.state("shop"), upstream.connections), (1, "closed", 0))
        self.assertEqual(self.ask(gateway).status, 200)

    def test_behaviour_48_a_health_check_that_finds_no_descriptor_says_nothing(self):
        upstream = self.upstream()
        check = {"path": "/healthz", "every": "100ms", "timeout": "1h", "while": "open"}
        gateway = self.start({"shop": {"endpoints": [upstream.url], "breaker": breaker(1), "health_check": check}},
                             arguments=("--log-level", "debug"))
        gateway.order("shop", "trip", for_="1ms")
        wait_until(lambda: gateway.snapshot("shop")["probe_due"], "the pause is over")
        before = resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, (1, before[1]))
        gateway.wait_log("Health check could not be made.", 2)
        upstream.answer = hang  # or a later check would say that a probe is due
        resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, before)
        self.assertTrue(gateway.snapshot("shop")["probe_due"], "the pause was not extended")

    def start_with(self, descriptors, services, routes=None):
        """A gateway that may have so many."""
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="switchgear-"))
        limited = os.path.join(folder, "limited")
        with open(limited, "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\nulimit -n {descriptors}\nexec {shlex.quote(harness.BINARY)} "$@"\n')
        os.chmod(limited, 0o755)
        with unittest.mock.patch.object(harness, "BINARY", limited):
            return self.start(services, routes, threads=1)

    def test_behaviour_72_a_crowd_of_clients_takes_neither_the_admin_port_nor_the_services_away(self):
        upstream = self.upstream()
        gateway = self.start_with(100, {"shop": {"endpoints": [upstream.url], "breaker": breaker(1)}})
        self.assertIn("client_connections=16", gateway.wait_log("too few descriptors")[0])
        clients = [self.client(gateway) for _ in range(120)]
        self.assertEqual(gateway.admin("GET", "/healthz").status, 200)
        self.assertEqual([client.ask("GET", "/").status for client in clients[:16]], [200] * 16)
        self.assertEqual(gateway.settled(16, verdict="success"), gateway.calls())

    def test_idle_connections_to_some_services_leave_room_for_others(self):
        names = [f"s{i}" for i in range(5)]
        upstreams = {name: self.upstream() for name in names}
        routes = [{"match": {"path_prefix": f"/{name}"}, "service": name} for name in names]
        gateway = self.start_with(100, upstreams, routes)
        clients = [self.client(gateway) for _ in range(16)]
        for name in names:
            at_once = threading.Barrier(len(clients))

            def answer(exchange, at_once=at_once):
                at_once.wait(PATIENCE)
                status(200)(exchange)

            upstreams[name].answer = answer
            replies = together(len(clients), lambda i, name=name: clients[i].ask("GET", f"/{name}").status)
            self.assertEqual(replies, [200] * len(clients), name)
        self.assertLessEqual(gateway.metric("switchgear_upstream_connections", state="idle"), 16)


class Log(GatewayTest):
    """The messages, word for word, in the order of the story they tell."""

    def test_the_story_of_an_outage(self):
        upstream = self.upstream(status(503))
        gateway = self.start(
            {"shop": {"endpoints": [upstream.url], "breaker": breaker(3, {"open_for": "1h"})}},
            arguments=("--log-level", "debug"),
        )
        for _ in range(3):
            self.ask(gateway, target="/pay?x=1")
        for _ in range(10):
            self.ask(gateway)
        for script in (500, 200):
            gateway.order("shop", "trip", for_="1ms")
            wait_until(lambda: gateway.snapshot("shop")["probe_due"], "a probe is due")
            upstream.answer = status(script)
            self.ask(gateway)
        gateway.wait_log("Downstream probe succeeded; circuit closed.")

        story = [
            (f"Calling downstream URL {upstream.url}/pay?x=1", "debug"),
            ("Downstream failure recorded. failure_count=3 threshold=3", "warn"),
            ("Circuit opened after repeated downstream failures.", "error"),
            ("Circuit open; rejecting request during cooldown.", "warn"),
            ("Cooldown elapsed; circuit moved to half-open.", "info"),
            ("Downstream probe failed; circuit reopened.", "warn"),
            ("Downstream probe succeeded; circuit closed.", "info"),
        ]
        lines = gateway.log().splitlines()
        position = 0
        for message, level in story:
            found = [n for n, line in enumerate(lines) if message in line and n >= position]
            self.assertTrue(found, message)
            position = found[0]
            self.assertIn(level, lines[position].lower().replace(message.lower(), ""), message)

        for count in (1, 2):
            self.assertEqual(len(gateway.lines(f"Downstream failure recorded. failure_count={count} threshold=3")), 1)
        opened = gateway.lines("Circuit opened after repeated downstream failures.")[0]
        for field in ("breaker=shop", "cause=consecutive_failures", "cooldown_ms=3600000", "status=503", "attempt=1"):
            self.assertIn(field, opened)
        self.assertLess(len(gateway.lines("Circuit open; rejecting request during cooldown.")), 8, "held back")

    def test_json_lines_are_json_with_the_same_words(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream}, arguments=("--log-format", "json"))
        self.trip(gateway, upstream)
        gateway.wait_log("Circuit opened after repeated downstream failures.")
        lines = [json.loads(line) for line in gateway.lines("{")]
        opened = [line for line in lines if "Circuit opened after repeated downstream failures." in line.values()]
        self.assertEqual(len(opened), 1)
        self.assertEqual((opened[0]["breaker"], opened[0]["cause"]), ("shop", "consecutive_failures"))
        self.assertEqual(int(opened[0]["cooldown_ms"]), 600_000)

    def test_calls_are_not_named_at_the_usual_level(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream})
        self.ask(gateway)
        self.assertEqual(gateway.lines("Calling downstream URL"), [])

    def test_the_level_is_obeyed(self):
        upstream = self.upstream()
        gateway = self.start({"shop": upstream}, arguments=("--log-level", "error"))
        self.trip(gateway, upstream)
        gateway.wait_log("Circuit opened after repeated downstream failures.")
        self.assertEqual(gateway.lines("Downstream failure recorded."), [])


if __name__ == "__main__":
    main()
