"""Peers that misbehave, and much at once: nothing leaks from one exchange into another, and nothing stays behind."""

import collections
import random
import threading

from harness import QUICK, GatewayTest, breaker, main, together, wait_until
from raw_client import Client, Gone
from scripted_upstream import raw, status

FORGED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
HEAD = b"POST /x HTTP/1.1\r\nHost: a.test\r\n"


class Splitting(GatewayTest):
    """Bytes that belong to no answer must never become the next one's."""

    def served_after(self, first, method="GET"):
        service = self.upstream(lambda exchange: (first if len(service.requests) == 1 else status(200, body=b"own"))(exchange))
        gateway = self.start({"shop": {"endpoints": [service.url], "breaker": breaker(1000)}})
        client = self.client(gateway)
        self.assertEqual(client.ask(method, "/1").status // 100, 2)
        for number in (2, 3):
            reply = client.ask("GET", f"/{number}")
            self.assertEqual((reply.status, reply.body), (200, b"own"))
        self.assertEqual(client.pending, b"")
        return service

    def test_what_follows_an_answer_is_not_the_next_answer(self):
        service = self.served_after(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + FORGED))
        self.assertGreaterEqual(service.connections, 2, "the first connection is not used again")

    def test_what_follows_the_last_chunk_is_not_the_next_answer(self):
        self.served_after(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + FORGED))

    def test_a_body_after_the_answer_to_head_is_not_the_next_answer(self):
        self.served_after(raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FORGED) + FORGED), "HEAD")

    def test_a_body_after_204_is_not_the_next_answer(self):
        self.served_after(raw(b"HTTP/1.1 204 No Content\r\nContent-Length: %d\r\n\r\n" % len(FORGED) + FORGED))

    def test_what_an_idle_connection_says_unasked_is_not_the_next_answer(self):
        def script(exchange):
            status(200)(exchange)
            if len(service.requests) == 1:
                said.wait(30)
                exchange.send(FORGED)

        said = threading.Event()
        service = self.upstream(script)
        gateway = self.start({"shop": service})
        client = self.client(gateway)
        self.assertEqual(client.ask("GET", "/1").body, b"ok")
        said.set()
        wait_until(lambda: gateway.metric("switchgear_upstream_connections", service="shop") == 0, "it was dropped")
        self.assertEqual(client.ask("GET", "/2").body, b"ok")


class Smuggling(GatewayTest):
    def test_nothing_hidden_in_a_request_reaches_the_service(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        hidden = b"GET /hidden HTTP/1.1\r\nHost: a.test\r\n\r\n"
        for lines in (
            b"Transfer-Encoding:\x0bchunked\r\nContent-Length: %d\r\n" % len(hidden),
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
            b"Transfer_Encoding: chunked\r\nTransfer-Encoding : chunked\r\n",
            b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(hidden),
            b"Content-Length: 0, %d\r\n" % len(hidden),
            b"X: y\nTransfer-Encoding: chunked\r\n",
            b"X: y\rTransfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: \"chunked\"\r\n",
        ):
            client = self.client(gateway)
            client.send(HEAD + lines + b"\r\n0\r\n\r\n" + hidden)
            self.assertIn(client.response().status, (400, 501), lines)
            self.assertEqual(client.leftover(), b"", lines)
        self.assertNotIn("/hidden", service.targets())
        self.assertEqual(service.requests, [])

    def test_line_ends_are_not_guessed_within_chunks(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        for body in (b"5\nhello\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b"5 \rhello\r\n0\r\n\r\n"):
            client = self.client(gateway)
            client.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body)
            self.assertEqual(client.response().status, 400, body)
            self.assertEqual(client.leftover(), b"", body)
        self.assertFalse(any(request.body for request in service.requests))

    def test_the_body_of_one_request_is_not_the_next_request(self):
        service = self.upstream()
        client = self.client(self.start({"shop": service}))
        inner = b"GET /hidden HTTP/1.1\r\nHost: a.test\r\n\r\n"
        client.send(HEAD + b"Content-Length: %d\r\n\r\n" % len(inner) + inner + HEAD.replace(b"/x", b"/2")
                    + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(inner) + inner + b"\r\n0\r\n\r\n"
                    + b"GET /3 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
        self.assertEqual([client.response().status for _ in range(3)], [200] * 3)
        self.assertEqual(client.leftover(), b"")
        self.assertEqual(service.targets(), ["/x", "/2", "/3"])
        self.assertEqual([request.body for request in service.requests[:2]], [inner, inner])

    def test_the_gateway_is_no_tunnel(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        client = self.client(gateway)
        client.send(b"CONNECT bank.test:443 HTTP/1.1\r\nHost: bank.test:443\r\n\r\n")
        self.assertIn(client.response().status, (400, 405, 501))
        reply = self.ask(gateway, headers=[("Connection", "Upgrade"), ("Upgrade", "websocket")])
        self.assertEqual(reply.status, 200)
        service.answer = raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
        self.assertEqual(self.ask(gateway).status, 502)

    def test_behaviour_16_a_request_that_came_through_here_already_is_turned_back(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        us = self.ask(gateway).header("Via")
        gateway.reload()
        wait_until(lambda: gateway.reloads("success") == 1, "reloaded")
        gateway.settled(1)
        self.assertEqual(self.ask(gateway, headers=[("Via", f"1.1 a, {us}")]).status, 508)
        self.assertEqual((len(service.requests), gateway.calls()), (1, 1))

    def test_behaviour_16_a_request_may_pass_through_two_gateways_but_not_in_a_circle(self):
        service = self.upstream()
        inner = self.start({"shop": service})
        outer = self.start({"shop": {"endpoints": [f"http://127.0.0.1:{inner.port}"]}})
        self.assertEqual(self.ask(outer).status, 200)
        circle = self.start({"shop": {"endpoints": ["http://127.0.0.1:@PORT@"]}})
        self.assertEqual(self.ask(circle).status, 508)


class Crowd(GatewayTest):
    def nothing_left(self, gateway):
        def idle():
            return (gateway.metric("switchgear_upstream_connections", state="active") == 0
                    and gateway.metric("switchgear_client_connections") == 0)

        wait_until(idle, "no connection is busy any more")

    def test_clients_that_go_away_at_any_moment_leave_nothing_behind(self):
        def script(exchange):
            exchange.read_body()
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n")
            for _ in range(20):
                exchange.send(b"b" * 10_000)

        service = self.upstream(script)
        gateway = self.start({"shop": service})
        message = HEAD + b"Content-Length: 50000\r\n\r\n" + b"u" * 50_000
        seed = random.randrange(2**32)
        print(f"seed {seed}", flush=True)

        def come_and_go(number):
            chance = random.Random(seed + number)
            for _ in range(10):
                client = Client(gateway.port)
                client.send(message[: chance.randrange(1, len(message) + 1)])
                for _ in range(chance.randrange(3)):
                    client.socket.settimeout(0.05)
                    try:
                        client.socket.recv(chance.randrange(1, 100_000))
                    except OSError:
                        break
                chance.choice((client.reset, client.close))()

        together(30, come_and_go)
        self.nothing_left(gateway)
        self.assertEqual(gateway.calls(verdict="failure"), 0, "whoever went, it was not the service")
        self.assertEqual(len(self.ask(gateway, "POST", body=b"x").body), 200_000)

    def test_probes_lost_to_clients_that_go_away_come_back(self):
        service = self.upstream()
        gateway = self.start({"shop": {"endpoints": [service.url], "breaker": breaker(3, {**QUICK, "probes": 2})}})
        self.trip(gateway, service)
        service.answer = lambda exchange: exchange.hang()

        def come_and_go(_):
            for _ in range(10):
                client = Client(gateway.port)
                client.request()
                client.socket.settimeout(0.02)
                try:
                    client.response()
                except OSError:
                    pass
                client.reset()

        together(10, come_and_go)
        self.nothing_left(gateway)
        self.assertEqual(gateway.transitions(from_="half_open"), 0, "they proved nothing")
        service.answer = status(200)
        wait_until(lambda: self.ask(gateway).status == 200, "a slot is free")
        self.assertEqual(gateway.state("shop"), "closed")

    def load(self, gateway, until):
        """Thirty connections that ask without a pause until told to stop; counts how it went."""
        seen, lock = collections.Counter(), threading.Lock()

        def count(what):
            with lock:
                seen[what] += 1

        def ask(_):
            client = None
            while not until.is_set():
                try:
                    client = client or Client(gateway.port)
                    reply = client.ask("GET", "/")
                    count(reply.status if reply.complete else "truncated")
                    if reply.header("Connection") == "close":
                        client.close()
                        client = None
                except ConnectionRefusedError:
                    count("refused")
                    return
                except (Gone, OSError) as error:
                    count("gone" if not client or not client.pending else f"broken {error}")
                    client = None

        return threading.Thread(target=together, args=(30, ask)), seen

    def test_reloads_under_load_are_not_noticed(self):
        gateway = self.start({"shop": self.upstream()})
        stop = threading.Event()
        thread, seen = self.load(gateway, stop)
        thread.start()
        try:
            for number in range(1, 16):
                gateway.reload()
                wait_until(lambda: gateway.reloads("success") >= number, "reloaded")
        finally:
            stop.set()
            thread.join()
        self.assertEqual(set(seen), {200})
        self.assertEqual(gateway.calls(verdict="success"), seen[200])

    def test_a_drain_under_load_breaks_no_answer(self):
        gateway = self.start({"shop": self.upstream()})
        stop = threading.Event()
        thread, seen = self.load(gateway, stop)
        thread.start()
        wait_until(lambda: seen[200] > 300, "under way")
        gateway.terminate()
        thread.join()
        self.assertEqual(gateway.process.wait(30), 0)
        self.assertLessEqual(set(seen), {200, "refused", "gone"})
        self.assertLessEqual(seen["gone"], 90, "idle ones are closed, once each; what waits to be accepted is reset")


if __name__ == "__main__":
    main()
