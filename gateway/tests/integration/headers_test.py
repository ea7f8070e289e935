"""Headers: what belongs to one hop stays there, what names the client is ours to say."""

from harness import GatewayTest, breaker, main
from scripted_upstream import raw, status


class HopByHop(GatewayTest):
    def test_behaviour_12_hop_by_hop_headers_are_stripped_from_the_request(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        reply = self.ask(gateway, headers=[
            ("Connection", "keep-alive, X-Listed, X-Forwarded-For"),
            ("X-Listed", "private"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Connection", "keep-alive"),
            ("Proxy-Authorization", "Basic c2VjcmV0"),
            ("TE", "trailers, gzip"),
            ("Trailer", "X-Sum"),
            ("Upgrade", "h2c"),
            ("X-Kept", "kept"),
        ])
        self.assertEqual(reply.status, 200)
        seen = service.requests[0]
        for name in ("X-Listed", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Trailer", "Upgrade"):
            self.assertEqual(seen.all(name), [], name)
        self.assertNotIn("X-Listed", seen.header("Connection") or "")
        self.assertEqual(seen.all("X-Kept"), ["kept"])
        self.assertEqual(seen.all("X-Forwarded-For"), ["127.0.0.1"], "listing it does not remove it")

    def test_behaviour_12_hop_by_hop_headers_are_stripped_from_the_answer(self):
        service = self.upstream(status(200, [
            ("Connection", "X-Listed"),
            ("X-Listed", "private"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Authenticate", "Basic"),
            ("Proxy-Connection", "close"),
            ("Trailer", "X-Sum"),
            ("Upgrade", "h2c"),
            ("X-Kept", "kept"),
        ]))
        reply = self.ask(self.start({"shop": service}))
        for name in ("X-Listed", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Trailer", "Upgrade"):
            self.assertEqual(reply.all(name), [], name)
        self.assertEqual(reply.all("X-Kept"), ["kept"])
        self.assertEqual(reply.body, b"ok")

    def test_behaviour_12_a_transfer_encoding_is_of_one_hop(self):
        service = self.upstream(raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n"))
        gateway = self.start({"shop": service})
        client = self.client(gateway)
        for _ in range(2):
            reply = client.ask("GET", "/")
            self.assertEqual((reply.body, reply.complete), (b"hello", True))
            self.assertIn(reply.all("Transfer-Encoding"), (["chunked"], []))

    def test_an_old_client_gets_no_chunks(self):
        service = self.upstream(raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
        client = self.client(self.start({"shop": service}))
        client.send(b"GET / HTTP/1.0\r\nHost: a.test\r\n\r\n")
        reply = client.response()
        self.assertEqual(reply.all("Transfer-Encoding"), [])
        self.assertEqual((reply.body, reply.complete), (b"hello", True))


class Forwarded(GatewayTest):
    def test_behaviour_13_what_a_stranger_says_about_itself_is_overwritten(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        spoofed = [
            ("X-Forwarded-For", "10.9.8.7"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "bank.test"),
            ("X-Forwarded-Port", "443"),
            ("Circuit-Breaker", "shop; state=open"),
        ]
        reply = self.ask(gateway, headers=spoofed)
        self.assertEqual(reply.status, 200)
        seen = service.requests[0]
        self.assertEqual(seen.all("X-Forwarded-For"), ["127.0.0.1"])
        self.assertEqual(seen.all("X-Forwarded-Proto"), ["http"])
        self.assertEqual(seen.all("X-Forwarded-Host"), ["gateway.test"])
        self.assertEqual(seen.all("X-Forwarded-Port"), [])
        self.assertEqual(gateway.state("shop"), "closed")

    def test_behaviour_13_a_stranger_cannot_order_the_breaker_about(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        for target in ("/v1/breakers/shop/trip", "/metrics", "/v1/config"):
            reply = self.ask(gateway, "POST", target, [("Content-Type", "application/json")],
                             b'{"reason": "r", "actor": "a"}')
            self.assertEqual(reply.body, b"ok", "the data port knows no orders; the service answers")
        self.assertEqual(gateway.state("shop"), "closed")

    def test_via_names_every_proxy_on_the_way(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        self.ask(gateway)
        self.ask(gateway, headers=[("Via", "1.0 first")])
        us = service.requests[0].header("Via")
        self.assertRegex(us, r"^1\.1 switchgear-[0-9a-f]{8}$")
        self.assertEqual(", ".join(service.requests[1].all("Via")), f"1.0 first, {us}")

    def test_host_is_the_endpoints_or_the_clients(self):
        service = self.upstream()
        gateway = self.start(
            {
                "own": {"endpoints": [service.url]},
                "kept": {"endpoints": [service.url], "host": "preserve"},
            },
            routes=[
                {"match": {"path_prefix": "/own"}, "service": "own"},
                {"match": {"path_prefix": "/kept"}, "service": "kept"},
            ],
        )
        self.ask(gateway, target="/own", host="shop.test:81")
        self.ask(gateway, target="/kept", host="shop.test:81")
        self.assertEqual(service.requests[0].all("Host"), [f"127.0.0.1:{service.port}"])
        self.assertEqual(service.requests[1].all("Host"), ["shop.test:81"])
        self.assertEqual(service.requests[0].all("X-Forwarded-Host"), ["shop.test:81"])


class Limits(GatewayTest):
    def test_behaviour_14_a_request_head_over_the_limit_is_431_and_no_verdict(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        for headers in (
            b"X-Long: " + b"x" * 2_000_000 + b"\r\n",
            b"".join(b"X-%d: y\r\n" % number for number in range(5_000)),
        ):
            client = self.client(gateway)
            client.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n")
            try:
                client.send(headers + b"\r\n")
            except OSError:
                pass  # refused before all of it was sent
            reply = client.response()
            self.assertEqual(reply.status, 431)
            self.assertEqual(reply.header("Connection"), "close")
        self.assertEqual((service.requests, gateway.calls()), ([], 0))

    def test_behaviour_14_an_answers_head_over_the_limit_is_502_and_a_failure(self):
        service = self.upstream()
        gateway = self.start({"shop": {"endpoints": [service.url], "breaker": breaker(1000)}})
        for number, headers in enumerate((
            [("X-Long", "x" * 2_000_000)],
            [(f"X-{number}", "y") for number in range(5_000)],
        ), 1):
            service.answer = status(200, headers)
            reply = self.ask(gateway)
            self.assertEqual(reply.status, 502)
            gateway.settled(number, verdict="failure", class_="error")


class Fidelity(GatewayTest):
    def test_behaviour_15_answers_without_a_body_have_none_whatever_they_say(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        client = self.client(gateway)
        service.answer = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        reply = client.ask("HEAD", "/")
        self.assertEqual((reply.status, reply.header("Content-Length")), (200, "5"))
        for code in (204, 304):
            service.answer = raw(b"HTTP/1.1 %d No Body\r\nETag: x\r\n\r\n" % code)
            self.assertEqual(client.ask("GET", "/").status, code)
        service.answer = raw(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")
        self.assertEqual(client.ask("GET", "/").status, 304)
        service.answer = status(200, body=b"the end")
        self.assertEqual(client.ask("GET", "/").body, b"the end", "still in step")
        gateway.settled(5, verdict="success")
        self.assertEqual(service.connections, 1)

    def test_behaviour_15_interim_answers_are_passed_on_unjudged(self):
        service = self.upstream(raw(
            b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
            b"HTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        gateway = self.start({"shop": service})
        reply = self.ask(gateway)
        self.assertEqual([(r.status, r.header("Link")) for r in reply.interim],
                         [(103, "</a.css>"), (103, "</b.css>")])
        self.assertEqual((reply.status, reply.body), (200, b"ok"))
        self.assertEqual(gateway.settled(1), 1)

    def test_behaviour_17_names_keep_their_case_and_set_cookie_stays_apart(self):
        service = self.upstream(status(200, [
            ("sEt-CoOkIe", "a=1; Path=/"), ("Set-Cookie", "b=2"), ("X-MiXeD", "Yes")]))
        gateway = self.start({"shop": service})
        reply = self.ask(gateway, headers=[("X-oDd", "1"), ("x-twice", "a"), ("X-Twice", "b")])
        cookies = [(name, value) for name, value in reply.headers if name.lower() == "set-cookie"]
        self.assertEqual(cookies, [("sEt-CoOkIe", "a=1; Path=/"), ("Set-Cookie", "b=2")])
        self.assertIn(("X-MiXeD", "Yes"), reply.headers)
        sent = service.requests[0].headers
        for pair in (("X-oDd", "1"), ("x-twice", "a"), ("X-Twice", "b")):
            self.assertIn(pair, sent)

    def test_the_reason_phrase_and_the_status_pass_through(self):
        service = self.upstream(status(418, body=b"short and stout", reason="I'm a teapot"))
        reply = self.ask(self.start({"shop": service}))
        self.assertEqual((reply.status, reply.body), (418, b"short and stout"))


if __name__ == "__main__":
    main()
