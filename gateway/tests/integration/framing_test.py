"""Message framing: what two parsers could read differently is refused, never repaired and sent on."""

from harness import GatewayTest, main, wait_until
from scripted_upstream import Held, raw

HEAD = b"POST /x HTTP/1.1\r\nHost: a.test\r\n"


class RequestFraming(GatewayTest):
    def setUp(self):
        super().setUp()
        self.service = self.upstream()
        self.gateway = self.start({"shop": self.service})

    def refused(self, data, expected=(400,), forwarded=0):
        """These bytes are answered with 400 (or what is expected) and a close, and are nobody's failure."""
        client = self.client(self.gateway)
        client.send(data)
        answer = client.response()
        self.assertIn(answer.status, expected, data[:200])
        self.assertEqual(answer.header("Connection"), "close", data[:200])
        self.assertIn("switchgear", answer.header("Proxy-Status"))
        self.assertEqual(answer.header("Content-Type"), "application/problem+json")
        self.assertEqual(client.leftover(), b"", "closed after the answer")
        self.assertLessEqual(len(self.service.requests), forwarded)
        self.assertEqual(self.gateway.calls(verdict="failure"), 0)

    def test_behaviour_01_content_length_with_transfer_encoding_is_refused(self):
        self.refused(HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        self.refused(HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")
        self.refused(HEAD + b"Content-Length: 5\r\nTransfer-Encoding: ,\r\n\r\nhello")
        self.refused(HEAD + b"Transfer-Encoding: ,\r\nContent-Length: 5\r\n\r\nhello")

    def test_behaviour_02_a_last_coding_other_than_chunked_is_refused(self):
        for coding in (b"gzip", b"chunked, gzip", b"identity", b"xchunked", b"", b","):
            self.refused(HEAD + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n")

    def test_a_coding_before_chunked_is_not_ours_to_undo(self):
        for coding in (b"gzip, chunked", b"chunked, chunked"):
            self.refused(HEAD + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n", expected=(400, 501))

    def test_behaviour_03_transfer_encoding_in_http_1_0_is_refused(self):
        self.refused(b"POST /x HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")

    def test_behaviour_04_content_lengths_that_differ_or_are_no_number_are_refused(self):
        self.refused(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")
        self.refused(HEAD + b"Content-Length: 5, 6\r\n\r\nhello!")
        for value in (b"5a", b"+5", b"-5", b"0x5", b"5 5", b"", b"18446744073709551621"):
            self.refused(HEAD + b"Content-Length: " + value + b"\r\n\r\nhello")

    def test_behaviour_05_header_lines_that_are_not_well_formed_are_refused(self):
        for line in (
            b"X-A: one\rtwo",
            b"X-A: nul\x00byte",
            b"X-A: one\r\n folded",
            b"X-A : space before the colon",
            b"X-(A): not a token",
            b": no name",
            b"no colon",
        ):
            self.refused(b"GET /x HTTP/1.1\r\nHost: a.test\r\n" + line + b"\r\n\r\n")

    def test_behaviour_05_a_request_line_that_is_not_well_formed_is_refused(self):
        for line in (b"GET  /x HTTP/1.1", b"GET /x", b"G(T /x HTTP/1.1", b"GET /\x01 HTTP/1.1"):
            self.refused(line + b"\r\nHost: a.test\r\n\r\n")
        for line in (b"GET /a b HTTP/1.1", b"GET /x HTTP/2.0", b"GET /x HTTP/0.9", b"GET /x http/1.1"):
            self.refused(line + b"\r\nHost: a.test\r\n\r\n", expected=(400, 505))

    def test_behaviour_06_broken_chunks_are_refused_and_the_upstream_gets_no_end(self):
        chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        for body in (
            b"FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
            b"5;" + b"x" * 300_000 + b"\r\nhello\r\n0\r\n\r\n",
            b"5\r\nhelloXX0\r\n\r\n",
            b"5\r\nhello0\r\n\r\n",
            b"-5\r\nhello\r\n0\r\n\r\n",
            b"\r\nhello\r\n0\r\n\r\n",
            b"zz\r\nhello\r\n0\r\n\r\n",
        ):
            before = len(self.service.requests)
            self.refused(chunked + body, forwarded=before + 1)
            for request in self.service.requests[before:]:
                self.assertFalse(request.body, "the service never saw the end of the body")

    def test_behaviour_08_an_absolute_target_replaces_host(self):
        settings = self.settings({"shop": {"endpoints": [self.service.url], "host": "preserve"}})
        gateway = self.run_gateway(settings)
        client = self.client(gateway)
        client.send(b"GET http://real.test/x?y=1 HTTP/1.1\r\nHost: other.test\r\n\r\n")
        self.assertEqual(client.response().status, 200)
        self.assertEqual(self.service.requests[-1].target, "/x?y=1")
        self.assertEqual(self.service.requests[-1].all("Host"), ["real.test"])
        self.assertEqual(self.service.requests[-1].header("X-Forwarded-Host"), "real.test")

    def test_behaviour_08_no_host_or_two_are_refused(self):
        self.refused(b"GET /x HTTP/1.1\r\n\r\n")
        self.refused(b"GET /x HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n")
        self.refused(b"GET /x HTTP/1.1\r\nHost: a b\r\n\r\n")

    def test_requests_in_a_row_are_answered_in_order_and_the_first_broken_one_ends_it(self):
        client = self.client(self.gateway)
        client.send(
            b"GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n"
            b"GET /3 HTTP/1.1\r\nHost: a.test\r\nX : y\r\n\r\nGET /4 HTTP/1.1\r\nHost: a.test\r\n\r\n"
        )
        self.assertEqual([client.response().status for _ in range(3)], [200, 200, 400])
        self.assertEqual(client.leftover(), b"")
        self.assertEqual(self.service.targets(), ["/1", "/2"])


class BrokenWhileAnswered(GatewayTest):
    """The service answers before it has the request's body, whose framing then breaks."""

    def test_behaviours_06_and_11_nothing_after_the_broken_body_is_taken_for_a_request(self):
        service = self.upstream()
        gateway = self.start({"shop": service})
        inner = b"A: b\r\n\r\nGET /evil HTTP/1.1\r\nHost: a.test\r\n\r\n"
        for end in (
            b"%x\r\n%s\r\n0\r\nContent-Length: 7\r\n\r\n" % (len(inner), inner),
            b"%x\r\n%s\r\n0: b\r\n\r\n" % (len(inner), inner),
            b"5\r\nX: 12\r\n0\r\nA B: 1\r\n\r\n",
        ):
            held = Held()

            def script(exchange, held=held):
                exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nea")
                held(exchange)

            service.answer = script
            before = len(service.requests)
            client = self.client(gateway)
            client.send(b"POST /early HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n")
            reply = client.read_head()
            self.assertEqual(reply.status, 200)
            client.send(end + b"GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n")
            held.release(lambda exchange: (exchange.send(b"rly"), exchange.hang()))
            client.read_body(reply)
            self.assertEqual((reply.body, reply.complete), (b"early", True), end)
            self.assertEqual(client.leftover(), b"", "closed after the answer")
            self.assertEqual(service.targets()[before:], ["/early"], end)


class ResponseFraming(GatewayTest):
    def test_behaviour_07_an_ambiguous_answer_is_502_and_its_connection_not_used_again(self):
        service = self.upstream()
        gateway = self.start({"shop": {"endpoints": [service.url], "breaker": {"trip": {
            "consecutive_failures": 1000, "failure_ratio": None}}}})
        broken = (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: ,\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello",
            b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        )
        for number, answer in enumerate(broken, 1):
            service.answer = raw(answer)
            reply = self.ask(gateway)
            self.assertEqual(reply.status, 502, answer)
            self.assertIn("http_protocol_error", reply.header("Proxy-Status"))
            gateway.settled(number, verdict="failure", class_="error")
            self.assertEqual(service.connections, number, "a fresh connection for each")
        self.assertEqual(len(service.requests), len(broken), "never sent twice")

    def test_broken_chunks_after_the_head_abort_the_answer(self):
        held = Held()

        def script(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            held(exchange)

        gateway = self.start({"shop": self.upstream(script)})
        client = self.client(gateway)
        client.request()
        reply = client.read_head()
        held.release(raw(b"zz\r\n"))
        self.assertEqual(reply.status, 200)
        client.read_body(reply)
        self.assertFalse(reply.complete)
        gateway.settled(1, verdict="failure", class_="error")


class Paths(GatewayTest):
    def setUp(self):
        super().setUp()
        self.pay, self.admin = self.upstream(), self.upstream()
        self.gateway = self.start(
            {
                "pay": {"endpoints": [self.pay.url]},
                "admin": {"endpoints": [self.admin.url]},
            },
            routes=[
                {"match": {"path_prefix": "/pay/"}, "service": "pay"},
                {"match": {"path_prefix": "/admin/"}, "service": "admin"},
            ],
        )

    def test_behaviour_09_the_path_that_chose_the_route_is_the_path_sent_on(self):
        for target, expected in (
            ("/pay/../admin/x", "/admin/x"),
            ("/pay/%2e%2e/admin/x", "/admin/x"),
            ("/pay/./x", "/pay/x"),
            ("//pay//x", "/pay/x"),
            ("/%70ay/x?a=//b/../c", "/pay/x?a=//b/../c"),
        ):
            self.assertEqual(self.ask(self.gateway, target=target).status, 200, target)
            seen = self.admin if expected.startswith("/admin") else self.pay
            self.assertEqual(seen.targets()[-1], expected, target)

    def test_behaviour_09_an_escaped_slash_cannot_smuggle_another_service(self):
        reply = self.ask(self.gateway, target="/pay/..%2fadmin/x")
        if reply.status == 200 and self.pay.requests:
            self.assertTrue(self.pay.targets()[-1].startswith("/pay/"))
        elif reply.status == 200:
            self.assertEqual(self.admin.targets(), ["/admin/x"])
        else:
            self.assertIn(reply.status, (400, 404))
            self.assertEqual(self.pay.targets() + self.admin.targets(), [])

    def test_behaviour_09_a_path_above_the_root_stays_at_the_root(self):
        reply = self.ask(self.gateway, target="/../../pay/x")
        self.assertIn(reply.status, (200, 400))
        self.assertIn(self.pay.targets(), (["/pay/x"], []))

    def test_strip_prefix_takes_the_prefix_away(self):
        gateway = self.start(
            {"pay": {"endpoints": [self.pay.url]}},
            routes=[{"match": {"path_prefix": "/pay/"}, "service": "pay", "strip_prefix": True}],
        )
        self.assertEqual(self.ask(gateway, target="/pay/x/y?z=1").status, 200)
        self.assertEqual(self.pay.targets(), ["/x/y?z=1"])

    def test_routes_are_tried_in_order_and_none_is_404_and_no_verdict(self):
        gateway = self.start(
            {"pay": {"endpoints": [self.pay.url]}, "admin": {"endpoints": [self.admin.url]}},
            routes=[
                {"match": {"path_prefix": "/a/", "methods": ["GET"]}, "service": "pay"},
                {"match": {"path_prefix": "/a/", "methods": ["POST"]}, "service": "admin"},
            ],
        )
        self.assertEqual(self.ask(gateway, target="/a/1").status, 200)
        self.assertEqual(self.ask(gateway, "POST", "/a/2", body=b"x").status, 200)
        self.assertEqual((self.pay.targets(), self.admin.targets()), (["/a/1"], ["/a/2"]))

        nothing = self.ask(gateway, target="/b/")
        self.assertEqual(nothing.status, 404)
        self.assertEqual(nothing.header("Content-Type"), "application/problem+json")
        self.assertIn("switchgear", nothing.header("Proxy-Status"))

        wrong = self.ask(gateway, "DELETE", "/a/3")
        self.assertEqual(wrong.status, 405)
        self.assertEqual({m.strip() for m in wrong.header("Allow").split(",")} - {"HEAD", "OPTIONS"}, {"GET", "POST"})

        wait_until(lambda: gateway.calls() == 2, "two verdicts")
        self.assertEqual(len(self.pay.requests) + len(self.admin.requests), 2)
        self.assertEqual(gateway.rejections(), 0)


if __name__ == "__main__":
    main()
