"""Bodies are streams: bounded memory, no waiting for the end, no pretended end."""

import contextlib
import threading
import time

from harness import QUICK, GatewayTest, breaker, main, wait_until
from raw_client import Gone
from scripted_upstream import Held, raw, status

MIB = 1024 * 1024


@contextlib.contextmanager
def dripping(client, piece):
    """Meanwhile the client sends this again and again, until nobody takes it any more."""
    stop = threading.Event()

    def drip():
        while not stop.wait(0.1):
            try:
                client.send(piece)
            except OSError:
                return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Expect(GatewayTest):
    def test_behaviour_18_while_open_the_refusal_comes_before_the_body(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        self.trip(gateway, service)
        before = len(service.requests)
        client = self.client(gateway)
        client.request("POST", "/", [("Expect", "100-continue"), ("Content-Length", "1000")])
        reply = client.response()
        self.assertEqual((reply.status, reply.interim), (503, []))
        self.assertEqual(len(service.requests), before)

    def test_behaviour_18_while_closed_the_client_is_told_to_go_on(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        client = self.client(gateway)
        client.request("POST", "/", [("Expect", "100-continue"), ("Content-Length", "5")])
        self.assertEqual(client.read_head().status, 100)
        client.send(b"hello")
        self.assertEqual(client.response().status, 200)
        self.assertEqual(service.requests[0].body, b"hello")

    def test_behaviour_18_a_service_that_never_says_continue_is_not_waited_for(self):
        service = self.upstream(status(200))  # reads the body, never says 100
        gateway = self.start({"shop": service})
        client = self.client(gateway)
        client.request("PUT", "/", [("Expect", "100-continue"), ("Transfer-Encoding", "chunked")])
        self.assertEqual(client.read_head().status, 100)
        client.send(b"3\r\nabc\r\n0\r\n\r\n")
        reply = client.response()
        self.assertEqual((reply.status, reply.interim), (200, []), "and is not told twice")
        self.assertEqual(service.requests[0].body, b"abc")


    def test_a_connection_that_is_to_close_does_not_wait_for_a_body_that_is_not_coming(self):
        service = self.upstream()
        gateway = self.start({"shop": service}, routes=[{"match": {"path_prefix": "/a"}, "service": "shop"}])
        gateway.order("shop", "override", mode="forced_open", for_="10m")
        for target, expected in (("/a", 503), ("/nowhere", 404)):
            waited = []
            for _ in range(3):  # one of them may meet a busy machine
                client = self.client(gateway)
                client.request("POST", target, [("Expect", "100-continue"), ("Content-Length", "5")])
                reply = client.response()
                self.assertEqual((reply.status, reply.header("Connection")), (expected, "close"))
                answered = time.monotonic()
                self.assertEqual(client.leftover(), b"")
                waited.append(time.monotonic() - answered)
            self.assertLess(min(waited), 1.5, "a body would be waited for 2 s")


class Streaming(GatewayTest):
    def test_a_body_flows_on_before_its_end_has_come(self):
        arrived = threading.Event()

        def script(exchange):
            exchange.more()
            arrived.set()
            status(200)(exchange)

        service = self.upstream(script)
        client = self.client(self.start({"shop": service}))
        client.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        self.assertTrue(arrived.wait(30))

    def test_an_answer_flows_on_before_its_end_has_come(self):
        go_on = threading.Event()

        def script(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            go_on.wait(30)
            exchange.send(b"6\r\nsecond\r\n0\r\n\r\n")

        client = self.client(self.start({"shop": self.upstream(script)}))
        client.request()
        client.read_head()
        wait_until(lambda: b"first" in client.pending or not client.fill() or b"first" in client.pending, "first")
        go_on.set()
        wait_until(lambda: b"second" in client.pending or not client.fill() or b"second" in client.pending, "second")

    def test_large_bodies_pass_both_ways_in_little_memory(self):
        service = self.upstream(status(200, body=b"d" * (64 * MIB)))
        gateway = self.start({"shop": service})
        self.assertEqual(len(self.ask(gateway, "POST", "/", body=b"w" * MIB).body), 64 * MIB)
        before = gateway.resident()
        reply = self.ask(gateway, "POST", "/", body=b"u" * (64 * MIB))
        self.assertEqual((len(reply.body), reply.complete), (64 * MIB, True))
        self.assertEqual(len(service.requests[-1].body), 64 * MIB)
        self.assertLess(gateway.resident() - before, 16 * MIB)

    def test_a_chunked_body_arrives_whole(self):
        service = self.upstream()
        client = self.client(self.start({"shop": service}))
        client.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = b""
        for size in (1, 10, 4096, 100_000):
            client.send(b"%x\r\n" % size + b"z" * size + b"\r\n")
            sent += b"z" * size
        client.send(b"0\r\n\r\n")
        self.assertEqual(client.response().status, 200)
        self.assertEqual(service.requests[0].body, sent)


class SlowClients(GatewayTest):
    def test_behaviour_20_a_slow_reader_stops_the_reading_and_costs_the_service_nothing(self):
        sent = [0]
        total = 256

        def script(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (total * MIB))
            block = b"b" * MIB
            for _ in range(total):
                exchange.send(block)
                sent[0] += 1

        gateway = self.start({"shop": self.upstream(script)})
        before = gateway.resident()
        client = self.client(gateway, read_buffer=65536)
        client.request()

        def stands_still():
            seen = sent[0]
            time.sleep(0.3)
            return seen > 0 and seen == sent[0]

        wait_until(stands_still, "the service is not read from any more")
        self.assertLess(sent[0], total // 2)
        self.assertLess(gateway.resident() - before, 16 * MIB)
        reply = client.response()
        self.assertEqual((len(reply.body), reply.complete), (total * MIB, True))
        gateway.settled(1, verdict="success")

    def test_behaviour_20_a_reader_who_stops_for_good_is_not_the_services_failure(self):
        def script(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (256 * MIB))
            try:
                for _ in range(256):
                    exchange.send(b"b" * MIB)
            except OSError:
                exchange.close()

        service = self.upstream(script)
        gateway = self.start({"shop": {
            "endpoints": [service.url],
            "breaker": breaker(1),
            "timeouts": {"between_bytes": "1s", "total": "4s"},
        }})
        client = self.client(gateway, read_buffer=65536)
        client.request()
        gateway.settled(1)
        self.assertEqual(gateway.calls(verdict="failure"), 0)
        self.assertEqual(gateway.state("shop"), "closed")

    def test_behaviour_21_a_slow_head_is_408_and_touches_no_service(self):
        service = self.upstream()
        settings = self.settings({"shop": service})
        settings["defaults"] = {"timeouts": {"request_headers": "500ms"}}
        gateway = self.run_gateway(settings)
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.1\r\nHost: a")
        reply = client.response()
        self.assertEqual((reply.status, reply.header("Connection")), (408, "close"))
        self.assertEqual((service.connections, gateway.calls()), (0, 0))

    def test_behaviour_21_dripping_does_not_move_the_deadline_of_the_head(self):
        service = self.upstream()
        settings = self.settings({"shop": service})
        settings["defaults"] = {"timeouts": {"request_headers": "1s"}}
        gateway = self.run_gateway(settings)
        client = self.client(gateway)
        client.send(b"GET / HTTP/1.1\r\nHost: a.test\r\nX-Drip: ")
        with dripping(client, b"x"):
            self.assertEqual(client.response().status, 408)
        self.assertEqual(service.connections, 0)

    def test_behaviour_21_a_slow_body_is_408_and_not_the_services_failure(self):
        service = self.upstream()
        gateway = self.start({"shop": {
            "endpoints": [service.url],
            "breaker": breaker(1),
            "timeouts": {"between_bytes": "500ms"},
        }})
        client = self.client(gateway)
        client.request("POST", "/", [("Content-Length", "1000")])
        client.send(b"some of it")
        reply = client.response()
        self.assertEqual((reply.status, reply.header("Connection")), (408, "close"))
        self.assertEqual(gateway.settled(1, verdict="ignored"), 1)
        self.assertEqual(gateway.state("shop"), "closed")

    def test_behaviour_21_a_slow_body_is_not_the_services_slowness(self):
        service = self.upstream(lambda exchange: exchange.wait_gone())
        gateway = self.start({"shop": {
            "endpoints": [service.url],
            "breaker": {"trip": {"consecutive_failures": None, "failure_ratio": None, "minimum_calls": 1,
                                 "slow": {"after": "200ms", "ratio": "50%"}}},
            "timeouts": {"between_bytes": "2s"},
        }})
        stalled = self.client(gateway)
        stalled.request("POST", "/", [("Content-Length", "1000")])
        stalled.send(b"some of it")
        self.assertEqual(stalled.response().status, 408)
        gateway.settled(1, verdict="ignored")
        self.assertEqual(gateway.state("shop"), "closed")

        late = self.client(gateway)
        late.request("POST", "/", [("Content-Length", "4")])
        late.send(b"so")
        wait_until(lambda: len(service.requests) == 2, "the second request to arrive")
        time.sleep(0.3)  # over the limit, by the client
        self.assertEqual(gateway.state("shop"), "closed")
        late.send(b"me")
        wait_until(lambda: gateway.state("shop") == "open", "the service that has all of it and does not answer to be slow")

    def test_behaviour_21_a_probe_whose_client_holds_its_body_back_gives_its_place_to_another(self):
        service = self.upstream(status(500))
        gateway = self.start({"shop": {
            "endpoints": [service.url], "breaker": breaker(1, {**QUICK, "probe_timeout": "4s"})}})
        self.assertEqual(self.ask(gateway).status, 500)
        service.answer = status(200)
        wait_until(lambda: gateway.snapshot("shop")["probe_due"], "a probe is due")
        slow = self.client(gateway)
        slow.request("POST", "/", [("Content-Length", "4")])
        slow.send(b"so")
        wait_until(lambda: len(service.requests) == 2, "the probe to arrive")
        gateway.settled(1, verdict="ignored")
        self.assertEqual(gateway.state("shop"), "half_open")
        self.assertEqual(self.ask(gateway).status, 200, "another is the probe now")
        self.assertEqual(gateway.state("shop"), "closed")
        slow.send(b"me")
        self.assertEqual(slow.response().status, 200)
        self.assertEqual((gateway.transitions(to="open"), gateway.calls()), (1, 3), "and nothing was scored against it")

    def test_an_idle_connection_is_closed_without_an_answer(self):
        settings = self.settings({"shop": self.upstream()})
        settings["defaults"] = {"timeouts": {"idle": "500ms"}}
        client = self.client(self.run_gateway(settings))
        self.assertEqual(client.ask("GET", "/").status, 200)
        self.assertEqual(client.leftover(), b"")

    def test_empty_lines_do_not_keep_an_idle_connection(self):
        settings = self.settings({"shop": self.upstream()})
        settings["defaults"] = {"timeouts": {"idle": "500ms"}}
        client = self.client(self.run_gateway(settings))
        with dripping(client, b"\r\n"):
            self.assertEqual(client.leftover(), b"")

    def test_a_body_that_nobody_wants_is_not_waited_for_as_long_as_it_drips(self):
        routes = [{"match": {"path_prefix": "/shop/"}, "service": "shop"}]
        client = self.client(self.start({"shop": self.upstream()}, routes))
        client.request("POST", "/elsewhere", [("Content-Length", "60000")])
        reply = client.response()
        self.assertEqual((reply.status, reply.header("Connection")), (404, None))
        with dripping(client, b"x"):
            self.assertEqual(client.leftover(), b"")


class EarlyAnswers(GatewayTest):
    def test_behaviour_22_an_early_answer_is_passed_on_at_once(self):
        def script(exchange):
            exchange.send(b"HTTP/1.1 413 Too Big\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
            exchange.wait_gone()
            exchange.close()

        service = self.upstream(script)
        gateway = self.start({"shop": service})
        client = self.client(gateway)
        client.request("POST", "/", [("Content-Length", str(1000 * MIB))])
        client.send(b"b" * 1000)
        reply = client.response()
        self.assertEqual((reply.status, reply.body), (413, b"big"))
        gateway.settled(1, verdict="success")
        self.assertEqual(client.leftover(), b"", "and the connection is closed")

    def test_behaviour_22_an_early_failure_counts_once(self):
        def script(exchange):
            exchange.send(b"HTTP/1.1 500 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
            exchange.close()

        service = self.upstream(script)
        gateway = self.start({"shop": service})
        client = self.client(gateway)
        client.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.assertEqual(client.response().status, 500)
        self.assertEqual(gateway.settled(1, verdict="failure"), 1)
        self.assertEqual(len(service.requests), 1)


class Endings(GatewayTest):
    def broken(self, head, then):
        service = self.upstream(raw(head, then))
        gateway = self.start({"shop": service})
        client = self.client(gateway)
        client.request()
        reply = client.response()
        self.assertEqual(reply.status, 200)
        self.assertFalse(reply.complete, "no pretended end")
        gateway.settled(1, verdict="failure", class_="error")
        self.assertEqual(len(service.requests), 1, "never sent again")
        self.assertEqual(gateway.calls(), 1)
        try:
            client.ask("GET", "/")
            self.fail("the connection is over")
        except (Gone, OSError):
            pass

    def test_behaviour_35_a_truncated_counted_body_is_aborted(self):
        self.broken(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "close")

    def test_behaviour_35_a_reset_in_a_counted_body_is_aborted(self):
        self.broken(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "reset")

    def test_behaviour_35_a_truncated_chunked_body_is_aborted(self):
        self.broken(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "close")

    def test_behaviour_35_a_reset_in_a_chunked_body_is_aborted(self):
        self.broken(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "reset")

    def test_behaviour_35_a_pause_over_the_limit_within_the_body_is_aborted_as_a_timeout(self):
        service = self.upstream(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "hang"))
        gateway = self.start({"shop": {"endpoints": [service.url], "timeouts": {"between_bytes": "300ms"}}})
        reply = self.ask(gateway)
        self.assertEqual((reply.status, reply.complete), (200, False))
        gateway.settled(1, verdict="failure", class_="timeout")

    def test_behaviour_36_an_orderly_close_ends_a_body_without_length(self):
        service = self.upstream(raw(b"HTTP/1.1 200 OK\r\n\r\nall of it", "close"))
        gateway = self.start({"shop": service})
        for number in (1, 2):
            reply = self.ask(gateway)
            self.assertEqual((reply.body, reply.complete), (b"all of it", True))
            gateway.settled(number, verdict="success")

    def test_behaviour_36_a_reset_is_a_truncation_of_a_body_without_length(self):
        held = Held()

        def script(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\n\r\nsome of it")
            held(exchange)

        service = self.upstream(script)
        gateway = self.start({"shop": service})
        client = self.client(gateway)
        client.request()
        head = client.read_head()
        wait_until(lambda: held.waiting, "the head was sent")
        held.release(lambda exchange: exchange.reset())
        client.read_body(head)
        self.assertFalse(head.complete)
        gateway.settled(1, verdict="failure", class_="error")


if __name__ == "__main__":
    main()
