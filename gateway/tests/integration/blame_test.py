"""Who is to blame: what an answer, an error or a vanished client says about the service, and what not."""

import email.utils
import socket
import time

from harness import GatewayTest, breaker, free_port, main, wait_until
from raw_client import Gone
from scripted_upstream import Held, hang, raw, reset, status

PATIENT = breaker(1000)


class Clients(GatewayTest):
    def test_behaviour_30_a_client_gone_before_the_answer_is_nobodys_failure(self):
        held = Held()
        service = self.upstream(held)
        gateway = self.start({"shop": {"endpoints": [service.url], "breaker": breaker(1)}})
        client = self.client(gateway)
        client.request()
        wait_until(lambda: held.waiting, "the service has the request")
        client.reset()
        self.assertEqual(gateway.settled(1), 1)
        self.assertEqual(gateway.calls(verdict="ignored"), 1)
        self.assertEqual(gateway.state("shop"), "closed")
        wait_until(lambda: gateway.metric("switchgear_requests_total", service="shop", code="499") == 1, "a 499")

    def half_closed(self, **service):
        """What a client gets that ends its side right after its request, from a service that takes its time."""
        held = Held()
        upstream = self.upstream(held)
        gateway = self.start({"shop": {"endpoints": [upstream.url], **service}})
        client = self.client(gateway)
        client.request()
        wait_until(lambda: held.waiting, "the service has the request")
        client.socket.shutdown(socket.SHUT_WR)
        if not service:
            gateway.settled(1, verdict="ignored")
        held.release(status(200, body=b"late"))
        return client, gateway

    def test_behaviour_28_a_half_close_is_the_clients_end(self):
        client, gateway = self.half_closed()
        with self.assertRaises(Gone):
            client.response()
        wait_until(lambda: gateway.metric("switchgear_requests_total", service="shop", code="499") == 1, "a 499")

    def test_behaviour_28_a_half_close_may_be_legal(self):
        client, gateway = self.half_closed(half_close="continue")
        reply = client.response()
        self.assertEqual((reply.status, reply.body), (200, b"late"))
        self.assertEqual(client.leftover(), b"")
        gateway.settled(1, verdict="success")

    def test_behaviour_28_requests_that_came_before_the_half_close_are_all_answered(self):
        held = Held()
        gateway = self.start({"shop": {"endpoints": [self.upstream(held).url], "half_close": "continue"}}, threads=1)
        client = self.client(gateway)
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a.test\r\n\r\n" % number for number in range(3)))
        wait_until(lambda: held.waiting, "the service has the first request")
        client.socket.shutdown(socket.SHUT_WR)
        held.release(lambda exchange: status(200, body=exchange.request.target.encode())(exchange))
        self.assertEqual([client.response().body for _ in range(3)], [b"/0", b"/1", b"/2"])
        self.assertEqual(client.leftover(), b"")
        self.assertEqual(gateway.settled(3, verdict="success"), 3)

    def test_behaviour_30_a_client_gone_gives_its_probe_back(self):
        held = Held()
        service = self.upstream(held)
        gateway = self.start({"shop": service})
        self.assertEqual(gateway.order("shop", "trip", for_="1ms").status // 100, 2)
        client = self.client(gateway)
        wait_until(lambda: gateway.snapshot("shop")["probe_due"], "a probe is due")
        client.request()
        wait_until(lambda: held.waiting, "the probe is out")
        self.assertEqual(gateway.state("shop"), "half_open")
        client.reset()
        gateway.settled(1, verdict="ignored")
        service.answer = status(200)
        self.assertEqual(self.ask(gateway).status, 200, "the slot is free again")
        self.assertEqual(gateway.state("shop"), "closed")

    def test_behaviour_31_a_client_gone_within_the_answer_is_nobodys_failure(self):
        def script(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            try:
                while True:
                    exchange.send(b"x" * 100_000)
            except OSError:
                exchange.close()

        service = self.upstream(script)
        gateway = self.start({"shop": {"endpoints": [service.url], "breaker": breaker(1)}})
        client = self.client(gateway)
        client.request()
        self.assertEqual(client.read_head().status, 200)
        client.reset()
        self.assertEqual(gateway.settled(1), 1)
        self.assertEqual(gateway.calls(verdict="failure"), 0)
        self.assertEqual(gateway.state("shop"), "closed")


class Connections(GatewayTest):
    def test_behaviour_32_each_way_not_to_get_through_has_its_reason(self):
        refused = f"http://127.0.0.1:{free_port()}"
        unknown = "http://no-such-name.invalid:80"
        plain = self.upstream(greeting=b"this is no TLS\r\n")
        services = {"refused": refused, "unknown": unknown, "tls": plain.url.replace("http:", "https:")}
        gateway = self.start(
            {name: {"endpoints": [url], "breaker": PATIENT} for name, url in services.items()},
            routes=[{"match": {"path_prefix": f"/{name}"}, "service": name} for name in services],
        )
        for name, error in (
            ("refused", "connection_refused"),
            ("unknown", "dns_"),
            ("tls", "tls_"),
        ):
            reply = self.ask(gateway, target=f"/{name}")
            self.assertEqual(reply.status, 502, name)
            self.assertIn(f"error={error}", reply.header("Proxy-Status"), name)
            gateway.settled(1, breaker=name, verdict="failure", class_="unreachable")

    def test_behaviour_32_errors_of_ones_own_making_can_be_left_out(self):
        gateway = self.start({"shop": {
            "endpoints": ["http://no-such-name.invalid:80"],
            "breaker": breaker(1),
            "classify": [{"error": ["dns", "tls"], "as": "ignored"}],
        }})
        for number in (1, 2, 3):
            self.assertEqual(self.ask(gateway).status, 502)
            gateway.settled(number, verdict="ignored")
        self.assertEqual(gateway.state("shop"), "closed")

    def test_behaviour_33_a_stale_connection_costs_nobody_anything(self):
        def script(exchange):
            if exchange.request.place == 2:
                exchange.reset()
            else:
                status(200)(exchange)

        service = self.upstream(script)
        gateway = self.start({"shop": {"endpoints": [service.url], "breaker": breaker(1)}})
        client = self.client(gateway)
        for _ in range(4):
            self.assertEqual(client.ask("GET", "/").status, 200)
        gateway.settled(4, verdict="success")
        self.assertEqual(gateway.calls(), 4)
        self.assertGreater(len(service.requests), 4, "some were sent a second time")

    def test_behaviour_33_a_body_that_came_in_pieces_is_not_sent_again_without_it(self):
        def script(exchange):
            exchange.read_body()
            if exchange.request.place == 2:
                exchange.close()
            else:
                status(200)(exchange)

        service = self.upstream(script)
        gateway = self.start({"shop": {"endpoints": [service.url], "timeouts": {"first_byte": "2s"}}})
        client = self.client(gateway)
        self.assertEqual(client.ask("GET", "/").status, 200)
        client.request("PUT", "/", [("Content-Length", "8")])
        client.send(b"half")
        wait_until(lambda: len(service.requests) == 2, "the request to arrive")
        client.send(b"half")
        self.assertEqual(client.response().status, 502)
        self.assertEqual(len(service.requests), 2)

    def test_behaviour_33_what_may_not_be_done_twice_is_not_sent_twice(self):
        def script(exchange):
            exchange.read_body()
            if exchange.request.place == 2:
                exchange.reset()
            else:
                status(200)(exchange)

        service = self.upstream(script)
        gateway = self.start({"shop": service})
        client = self.client(gateway)
        self.assertEqual(client.ask("GET", "/").status, 200)
        reply = client.ask("POST", "/pay", body=b"100 euros")
        self.assertIn(reply.status, (200, 502))
        self.assertEqual(service.targets().count("/pay"), 1)
        gateway.settled(2)
        self.assertEqual(gateway.calls(), 2)

    def test_behaviour_33_a_connection_that_was_closed_meanwhile_is_not_used(self):
        service = self.upstream(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "close"))
        gateway = self.start({"shop": {"endpoints": [service.url], "breaker": breaker(1)}})
        client = self.client(gateway)
        for number in range(1, 6):
            self.assertEqual(client.ask("POST", f"/{number}", body=b"x").status, 200)
            wait_until(lambda: gateway.metric("switchgear_upstream_connections", service="shop") == 0, "it is gone")
        gateway.settled(5, verdict="success")
        self.assertEqual(service.targets(), [f"/{number}" for number in range(1, 6)])

    def test_behaviour_34_a_reset_of_a_fresh_connection_is_the_services_failure(self):
        for script in (reset, raw(b"", "close"), raw(b"HTTP/1.1 200 OK\r\nContent-Le", "reset")):
            service = self.upstream(script)
            gateway = self.start({"shop": service})
            reply = self.ask(gateway)
            self.assertEqual(reply.status, 502)
            self.assertEqual(gateway.settled(1, verdict="failure"), 1)
            self.assertEqual(gateway.calls(), 1)
            self.assertEqual(len(service.requests), 1, "never sent again")

    def test_a_reset_before_the_head_is_of_class_unreachable(self):
        gateway = self.start({"shop": self.upstream(reset)})
        self.ask(gateway)
        gateway.settled(1, verdict="failure", class_="unreachable")

    def test_no_head_in_time_is_504_and_a_timeout(self):
        service = self.upstream(hang)
        gateway = self.start({"shop": {"endpoints": [service.url], "timeouts": {"first_byte": "300ms"}}})
        reply = self.ask(gateway)
        self.assertEqual(reply.status, 504)
        self.assertIn("error=http_response_timeout", reply.header("Proxy-Status"))
        gateway.settled(1, verdict="failure", class_="timeout")

    def test_the_total_time_is_a_limit_too(self):
        service = self.upstream(hang)
        gateway = self.start({"shop": {"endpoints": [service.url], "timeouts": {"total": "300ms"}}})
        self.assertEqual(self.ask(gateway).status, 504)
        gateway.settled(1, verdict="failure", class_="timeout")

    def test_half_a_head_is_not_a_head_in_time(self):
        service = self.upstream(raw(b"HTTP/1.1 200 OK\r\nContent-", "hang"))
        gateway = self.start({"shop": {"endpoints": [service.url],
                                       "timeouts": {"first_byte": "300ms", "between_bytes": "300ms"}}})
        self.assertEqual(self.ask(gateway).status, 504)
        gateway.settled(1, verdict="failure", class_="timeout")


class Statuses(GatewayTest):
    def test_behaviour_37_our_own_refusals_are_no_outcome_of_the_service(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        self.trip(gateway, service)
        before = gateway.calls()
        for _ in range(5):
            self.assertEqual(self.ask(gateway).status, 503)
        self.assertEqual(gateway.rejections(breaker="shop", reason="open"), 5)
        self.assertEqual(gateway.calls(), before)
        self.assertEqual(gateway.metric("switchgear_call_duration_seconds_count", breaker="shop"), before)

    def test_behaviour_38_what_the_client_did_wrong_is_a_success_of_the_service(self):
        service = self.upstream()
        gateway = self.start({"shop": {"endpoints": [service.url], "breaker": breaker(1)}})
        for number, code in enumerate((200, 204, 301, 400, 401, 404, 408, 499, 501, 505), 1):
            service.answer = status(code)
            self.assertEqual(self.ask(gateway).status, code)
            gateway.settled(number, verdict="success")
        self.assertEqual(gateway.state("shop"), "closed")

    def test_behaviour_38_429_and_503_are_overload_and_the_rest_of_5xx_errors(self):
        service = self.upstream()
        gateway = self.start({"shop": {"endpoints": [service.url], "breaker": PATIENT}})
        for number, (code, class_) in enumerate(
            ((429, "overloaded"), (503, "overloaded"), (500, "error"), (502, "error"), (599, "error")), 1
        ):
            service.answer = status(code)
            before = gateway.calls(verdict="failure", class_=class_)
            self.assertEqual(self.ask(gateway).status, code)
            gateway.settled(number, verdict="failure")
            self.assertEqual(gateway.calls(verdict="failure", class_=class_), before + 1)

    def test_a_rule_of_the_operators_comes_first(self):
        service = self.upstream()
        gateway = self.start({"shop": {
            "endpoints": [service.url],
            "breaker": PATIENT,
            "classify": [
                {"status": 404, "as": "success", "when": "retry_after"},
                {"status": 404, "as": "failure", "class": "custom_1"},
                {"status": [500, 418], "as": "ignored"},
            ],
        }})
        for code in (404, 500, 418):
            service.answer = status(code)
            self.assertEqual(self.ask(gateway).status, code)
        gateway.settled(3)
        self.assertEqual(gateway.calls(verdict="failure", class_="custom_1"), 1)
        self.assertEqual(gateway.calls(verdict="ignored"), 2)

    def test_behaviour_43_health_checks_are_in_no_count(self):
        service = self.upstream(status(200))
        gateway = self.start({"shop": {
            "endpoints": [service.url],
            "health_check": {"path": "/healthz", "every": "100ms", "while": "open"},
        }})
        service.answer = lambda exchange: status(503 if exchange.request.target == "/healthz" else 500)(exchange)
        for _ in range(3):
            self.assertEqual(self.ask(gateway).status, 500)
        wait_until(lambda: service.targets().count("/healthz") >= 3, "three checks")
        self.assertEqual(gateway.calls(), 3)
        self.assertEqual(gateway.metric("switchgear_call_duration_seconds_count", breaker="shop"), 3)
        self.assertEqual(gateway.metric("switchgear_requests_total", service="shop"), 3)


class RetryAfter(GatewayTest):
    """One answer opens the circuit until the time it names; `open_for` is ten minutes, `max_retry_after` an hour."""

    def remaining(self, headers, code=503, classify=True, recovery=None):
        """What Retry-After says right after such an answer, or None when the circuit is still closed."""
        service = self.upstream(status(code, headers))
        gateway = self.start({"shop": {
            "endpoints": [service.url],
            "breaker": breaker(3, {"open_for": "5s", "max_open_for": "10m", **(recovery or {})}),
            "classify": [{"status": [429, 503], "as": "trip", "when": "retry_after"}] if classify else [],
        }})
        for _ in range(1 if classify else 3):
            self.assertEqual(self.ask(gateway).status, code)
        gateway.settled(1 if classify else 3, verdict="failure", class_="overloaded")
        if gateway.state("shop") == "closed":
            return None
        reply = self.ask(gateway)
        self.assertEqual(reply.status, 503)
        self.assertEqual(gateway.transitions(to="open", cause="trip_verdict" if classify else "consecutive_failures"), 1)
        return int(reply.header("Retry-After"))

    def test_behaviour_39_seconds_are_honoured_after_one_hit(self):
        for code in (429, 503):
            self.assertIn(self.remaining([("Retry-After", "300")], code), range(270, 301))

    def test_behaviour_39_a_date_is_honoured(self):
        when = email.utils.formatdate(time.time() + 300, usegmt=True)
        self.assertIn(self.remaining([("Retry-After", when)]), range(270, 302))

    def test_behaviour_39_a_date_in_the_past_means_now(self):
        when = email.utils.formatdate(time.time() - 300, usegmt=True)
        self.assertIn(self.remaining([("Retry-After", when)]), (1, 2, 3, 4, 5), "open_for is what is left")

    def test_behaviour_39_junk_is_ignored(self):
        for junk in ("soon", "-5", "1e3", "12 hours", ""):
            self.assertIsNone(self.remaining([("Retry-After", junk)]), junk)

    def test_behaviour_39_without_the_header_nothing_is_accelerated(self):
        self.assertIsNone(self.remaining([]))

    def test_behaviour_39_too_long_is_clamped(self):
        self.assertIn(
            self.remaining([("Retry-After", "999999999")], recovery={"max_retry_after": "100s"}), range(70, 101)
        )

    def test_behaviour_39_without_acceleration_the_hint_of_the_tripping_answer_holds(self):
        self.assertIn(self.remaining([("Retry-After", "300")], classify=False), range(270, 301))


if __name__ == "__main__":
    main()
