"""The whole cycle in front of a server nobody here wrote, from the client's side, fifty connections at once."""

import collections
import itertools
import os
import shutil
import time
import unittest

from harness import GatewayTest, breaker, main, together, wait_until
from real_nginx import Nginx

CONNECTIONS = 50


@unittest.skipUnless(shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin"), "nginx is not installed")
class Cycle(GatewayTest):
    def setUp(self):
        super().setUp()
        self.number = itertools.count()
        self.answers = {}  # path -> the one answer it got

    def before(self, nginx, **service):
        self.addCleanup(nginx.forget)
        self.nginx = nginx
        self.shop = self.start({"shop": {"endpoints": [nginx.url], **service}}, threads=2)
        self.open_clients()

    def open_clients(self):
        self.crowd = [self.client(self.shop) for _ in range(CONNECTIONS)]

    def one(self, client):
        path = f"/request/{next(self.number)}"
        reply = client.ask("GET", path)
        self.assertTrue(reply.complete)
        self.assertNotIn(path, self.answers)
        self.answers[path] = reply
        return reply

    def burst(self, rounds):
        """Every connection asks `rounds` times; all at once. Returns how often each status came."""
        replies = together(CONNECTIONS, lambda n: [self.one(self.crowd[n]) for _ in range(rounds)])
        for client in self.crowd:
            self.assertEqual(client.pending, b"", "exactly one answer for each request")
        return collections.Counter(reply.status for mine in replies for reply in mine)

    def recover(self):
        wait_until(lambda: self.one(self.crowd[0]).status == 200, "served again")
        wait_until(lambda: self.shop.state("shop") == "closed", "closed")
        self.assertEqual(self.burst(2), {200: 2 * CONNECTIONS})

    def test_the_full_cycle_and_its_books(self):
        self.before(
            Nginx(),
            breaker=breaker(10, {"open_for": "400ms", "max_open_for": "400ms", "backoff": 1}),
            timeouts={"first_byte": "3s"},
            classify=[{"status": 429, "as": "trip", "when": "retry_after"}],
            health_check={"path": "/healthz", "every": "200ms", "while": "open"},
        )
        self.assertEqual(self.burst(4), {200: 4 * CONNECTIONS})

        self.nginx.behave("overloaded")
        seen = self.burst(4)
        self.assertEqual(set(seen), {503})
        self.assertGreaterEqual(self.shop.transitions(from_="closed", to="open", cause="consecutive_failures"), 1)
        self.assertGreater(self.shop.rejections(reason="open"), 0)
        self.nginx.behave(None)
        self.recover()

        self.nginx.behave("limited")
        seen = self.burst(2)
        self.assertEqual(set(seen), {429, 503})
        self.assertGreaterEqual(self.shop.transitions(to="open", cause="trip_verdict"), 1)
        self.nginx.behave(None)
        self.recover()

        self.nginx.behave("hanging")
        seen = self.burst(2)
        self.assertLessEqual(set(seen), {503, 504})
        self.assertGreaterEqual(seen[504], 10)
        self.nginx.behave(None)
        self.recover()

        self.nginx.stop()
        seen = self.burst(3)
        self.assertLessEqual(set(seen), {502, 503})
        self.assertGreaterEqual(seen[502], 10)
        self.nginx.start()
        self.recover()

        self.balance()

    def test_connections_that_nginx_closes_when_idle_cost_nobody_anything(self):
        self.before(Nginx(keepalive="50ms"), breaker=breaker(1))
        for pause in (0.045, 0.05, 0.055, 0.06, 0.05, 0.052):
            self.assertEqual(self.burst(1), {200: CONNECTIONS})
            time.sleep(pause)  # about as long as nginx keeps a connection
        self.assertEqual(self.shop.calls(verdict="failure"), 0)
        self.balance()

    def balance(self):
        """Every request is accounted for, once, by the client, by the gateway and by nginx alike."""
        sent = len(self.answers)
        wait_until(lambda: self.shop.calls() + self.shop.rejections() >= sent, "all calls are settled")
        self.assertEqual(self.shop.calls() + self.shop.rejections(), sent)

        refused = {path for path, reply in self.answers.items() if self.ours(reply) and reply.status == 503}
        unreached = {path for path, reply in self.answers.items() if reply.status == 502}
        self.assertEqual(len(refused), self.shop.rejections())

        def arrived():
            return [path for path, _ in self.nginx.logged() if path != "/healthz"]

        expected = set(self.answers) - refused - unreached
        wait_until(lambda: set(arrived()) >= expected, "nginx has logged every call")
        paths = arrived()
        self.assertEqual(set(paths), expected, "what was refused never reached nginx")
        sent_again = len(paths) - len(set(paths))  # after a stale connection
        self.assertEqual(sent, len(paths) - sent_again + len(refused) + len(unreached))
        codes = dict(self.nginx.logged())
        for path in expected:
            if not self.ours(self.answers[path]):
                self.assertEqual(codes[path], self.answers[path].status, "passed as sent")
        by_code = collections.Counter(str(reply.status) for reply in self.answers.values())
        for code, count in by_code.items():
            self.assertEqual(self.shop.metric("switchgear_requests_total", service="shop", code=code), count)

    def ours(self, reply):
        return reply.header("Proxy-Status") is not None


if __name__ == "__main__":
    main()
