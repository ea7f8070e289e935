"""Reload, drain, start: what happens to traffic and to the breakers while the gateway itself changes."""

import os
import signal
import socket
import subprocess
import tempfile
import time

from harness import BINARY, PATIENCE, Gateway, GatewayTest, breaker, free_port, main, wait_until
from raw_client import Client, Gone
from scripted_upstream import Held, hang, status


class Reload(GatewayTest):
    def changed(self, gateway, settings):
        """Reloads this configuration and waits until it is in force or refused."""
        before = self.reloads(gateway)
        gateway.write(settings)
        gateway.reload()
        wait_until(lambda: self.reloads(gateway) > before, "the reload is over")

    def reloads(self, gateway):
        return gateway.metric("switchgear_config_reloads_total")

    def test_behaviour_65_requests_in_flight_and_connections_survive(self):
        held = Held()
        upstream = self.upstream(held)
        settings = self.settings({"shop": upstream})
        gateway = self.run_gateway(settings)
        client = self.client(gateway)
        client.request()
        wait_until(lambda: held.waiting, "in flight")
        self.changed(gateway, settings)
        held.release(status(200, body=b"after the reload"))
        self.assertEqual(client.response().body, b"after the reload")
        upstream.answer = status(200)
        self.assertEqual(client.ask("GET", "/").status, 200, "on the same connection")
        wait_until(lambda: gateway.calls(verdict="success") == 2, "both are counted")

    def test_behaviour_65_the_state_stays_even_when_thresholds_change(self):
        upstream = self.upstream()
        settings = self.settings({"shop": upstream})
        gateway = self.run_gateway(settings)
        self.trip(gateway, upstream)
        calls = gateway.calls()
        self.changed(gateway, settings)
        self.assertEqual(self.ask(gateway).status, 503)
        settings["services"]["shop"]["breaker"]["trip"]["consecutive_failures"] = 7
        self.changed(gateway, settings)
        self.assertEqual(self.ask(gateway).status, 503)
        self.assertEqual(gateway.calls(), calls, "counters go on")
        gateway.order("shop", "reset")
        upstream.answer = status(500)
        for number in range(7):
            self.assertEqual(self.ask(gateway).status, 500, number)
        wait_until(lambda: gateway.state("shop") == "open", "open at the new threshold")

    def test_behaviour_65_another_scope_makes_new_breakers(self):
        upstream = self.upstream()
        settings = self.settings({"shop": upstream})
        gateway = self.run_gateway(settings)
        self.trip(gateway, upstream)
        settings["services"]["shop"]["breaker"]["scope"] = "endpoint"
        self.changed(gateway, settings)
        self.assertEqual(self.ask(gateway).status, 200)
        names = [found["name"] for found in self.breakers(gateway)]
        self.assertEqual(names, [f"shop/127.0.0.1:{upstream.port}"])

    def test_behaviour_65_another_key_makes_new_breakers(self):
        upstream = self.upstream(status(500))
        key = breaker(1, scope="key", key={"header": "X-Tenant"})
        settings = self.settings({"shop": {"endpoints": [upstream.url], "breaker": key}})
        gateway = self.run_gateway(settings)
        both = [("X-Tenant", "a"), ("X-Region", "a")]
        self.assertEqual([self.ask(gateway, headers=both).status for _ in range(2)], [500, 503])
        settings["services"]["shop"]["breaker"]["key"] = {"header": "X-Region"}
        self.changed(gateway, settings)
        self.assertEqual([self.ask(gateway, headers=both).status for _ in range(2)], [500, 503])

    def breakers(self, gateway):
        found = gateway.admin("GET", "/v1/breakers").json()
        return found["breakers"] if isinstance(found, dict) else found

    def test_behaviour_65_a_bad_file_is_refused_and_the_old_one_stays(self):
        upstream = self.upstream()
        settings = self.settings({"shop": upstream})
        gateway = self.run_gateway(settings)
        self.trip(gateway, upstream)
        in_force = gateway.admin("GET", "/v1/config").text
        gateway.write("services:\n  shop:\n    endpoints: [ftp://x]\n    wrong_key: 1\n")
        succeeded = gateway.reloads("success")
        gateway.reload()
        wait_until(lambda: self.reloads(gateway) - gateway.reloads("success") >= 1, "counted as refused")
        line = gateway.wait_log("wrong_key")[0]
        self.assertIn(":4:5:", line)
        self.assertEqual(gateway.reloads("success"), succeeded)
        self.assertEqual(self.ask(gateway).status, 503, "the state stays too")
        shown = gateway.admin("GET", "/v1/config").text
        self.assertIn("wrong_key", shown, "what was refused is shown")
        self.assertIn(upstream.url, shown)
        self.assertIn(upstream.url, in_force)
        gateway.write(settings)
        gateway.reload()
        wait_until(lambda: gateway.reloads("success") > succeeded, "and it can be put right")

    def test_behaviour_65_reload_by_the_admin_port(self):
        upstream, other = self.upstream(), self.upstream()
        settings = self.settings({"shop": upstream})
        gateway = self.run_gateway(settings)
        gateway.write(self.settings({"shop": other}))
        self.assertEqual(gateway.admin("POST", "/v1/reload", {}).status // 100, 2)
        self.assertEqual(self.ask(gateway).status, 200)
        self.assertEqual((len(upstream.requests), len(other.requests)), (0, 1))
        gateway.write("services: [")
        self.assertEqual(gateway.admin("POST", "/v1/reload", {}).status, 422)
        self.assertEqual(self.ask(gateway).status, 200)

    def test_an_idle_connection_does_not_miss_the_configuration_it_began_with(self):
        settings = self.settings({"shop": self.upstream()})
        # What is freed is overwritten, so that who still reads it shows.
        freed = {"MALLOC_PERTURB_": "165", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
        gateway = self.run_gateway(settings, threads=1, environment=freed)
        idle = []
        for _ in range(5):
            idle.append(self.client(gateway))
            self.assertEqual(idle[-1].ask("GET", "/").status, 200)
            self.changed(gateway, settings)
            self.assertEqual(self.ask(gateway).status, 200, "the worker takes the new one")
        for client in idle:
            client.send(b"\r\n")
        self.assertEqual(self.ask(gateway).status, 200, "the worker has seen the empty lines")
        self.assertEqual([client.ask("GET", "/").status for client in idle], [200] * 5)

    def test_listeners_come_and_go(self):
        upstream = self.upstream()
        settings = self.settings({"shop": upstream})
        gateway = self.run_gateway(settings)
        more = free_port()
        settings["listeners"].append({"address": f"127.0.0.1:{more}"})
        self.changed(gateway, settings)
        extra = Client(more)
        self._clients.append(extra)
        self.assertEqual(extra.ask("GET", "/").status, 200)
        settings["listeners"].pop()
        self.changed(gateway, settings)

        def refused():
            try:
                Client(more).close()
                return False
            except ConnectionRefusedError:
                return True

        wait_until(refused, "nobody listens there any more")
        self.assertEqual(self.ask(gateway).status, 200)

    def test_behaviour_65_what_is_refused_late_keeps_its_listeners(self):
        settings = self.settings({"shop": self.upstream()})
        going = free_port()
        settings["listeners"].append({"address": f"127.0.0.1:{going}"})
        gateway = self.run_gateway(settings)
        # Nobody reads it, so that it cannot be opened: found out when all the rest is well.
        log = os.path.join(gateway.folder.name, "unread")
        os.mkfifo(log)
        coming = free_port()
        refused = {**settings, "listeners": [settings["listeners"][0], {"address": f"127.0.0.1:{coming}"}],
                   "admin": {"address": f"127.0.0.1:{free_port()}"}, "access_log": log}
        for number in range(1, 6):
            gateway.write(refused)
            gateway.reload()
            wait_until(lambda: gateway.reloads("failure") == number, "refused")
            shown = gateway.admin("GET", "/v1/config").json()["reloads"]["last_error"]
            self.assertIn("access_log", shown)
            for port in (gateway.port, going):
                client = Client(port)
                self._clients.append(client)
                self.assertEqual(client.ask("GET", "/").status, 200)
        with self.assertRaises(ConnectionRefusedError):
            Client(coming)
        settings["listeners"].pop()
        self.changed(gateway, settings)
        self.assertEqual(gateway.reloads("success"), 1)

    def test_services_come_and_go(self):
        first, second = self.upstream(), self.upstream()
        settings = self.settings({"first": first})
        gateway = self.run_gateway(settings)
        self.assertEqual(self.ask(gateway).status, 200)
        self.changed(gateway, self.settings({"second": second}))
        self.assertEqual(self.ask(gateway).status, 200)
        self.assertEqual((len(first.requests), len(second.requests)), (1, 1))
        self.assertEqual([found["name"] for found in self.breakers(gateway)], ["second"])


class Drain(GatewayTest):
    def drained(self, gateway):
        """The listener is gone."""

        def refused():
            try:
                Client(gateway.port).close()
                return False
            except OSError:
                return True

        wait_until(refused, "new connections are refused")

    def gateway(self, upstream, drain):
        gateway = Gateway(self.settings({"shop": upstream}), arguments=("--drain", drain))
        self._gateways.append(gateway)
        return gateway

    def test_behaviour_66_what_is_in_flight_ends_and_then_the_process(self):
        held = Held()
        upstream = self.upstream(held)
        gateway = self.gateway(upstream, "30s")
        idle, busy = self.client(gateway), self.client(gateway)
        busy.request()
        wait_until(lambda: held.waiting, "in flight")
        gateway.terminate()
        self.drained(gateway)
        self.assertEqual(idle.leftover(), b"", "idle connections are closed")
        self.assertIsNone(gateway.process.poll())
        held.release(status(200, body=b"done"))
        reply = busy.response()
        self.assertEqual((reply.status, reply.body), (200, b"done"))
        self.assertEqual(reply.header("Connection"), "close")
        self.assertEqual(gateway.process.wait(PATIENCE), 0)

    def test_behaviour_66_readiness_goes_first(self):
        held = Held()
        upstream = self.upstream(held)
        gateway = self.gateway(upstream, "30s")
        busy = self.client(gateway)
        busy.request()
        wait_until(lambda: held.waiting, "in flight")
        gateway.terminate()
        wait_until(lambda: gateway.admin("GET", "/readyz").status == 503, "not ready")
        self.assertEqual(gateway.admin("GET", "/healthz").status, 200)
        held.release()
        self.assertEqual(busy.response().status, 200)
        self.assertEqual(gateway.process.wait(PATIENCE), 0)

    def test_behaviour_66_the_deadline_ends_what_does_not_end(self):
        upstream = self.upstream(hang)
        gateway = self.gateway(upstream, "300ms")
        client = self.client(gateway)
        client.request()
        wait_until(lambda: upstream.requests, "in flight")
        began = time.monotonic()
        gateway.terminate()
        gateway.process.wait(PATIENCE)
        self.assertGreaterEqual(gateway.process.returncode, 0, "it ends by itself")
        self.assertGreaterEqual(time.monotonic() - began, 0.3)
        try:
            self.assertGreaterEqual(client.response().status, 500)
        except Gone:
            pass

    def test_an_interrupt_drains_as_well(self):
        gateway = self.gateway(self.upstream(), "30s")
        gateway.process.send_signal(signal.SIGINT)
        self.assertEqual(gateway.process.wait(PATIENCE), 0)


class Start(GatewayTest):
    def run_with(self, text, *arguments):
        path = os.path.join(self.enterContext(tempfile.TemporaryDirectory(prefix="switchgear-")), "gateway.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return subprocess.run(
            [BINARY, "run", "--config", path, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def test_a_bad_configuration_does_not_start(self):
        ended = self.run_with("services: {}\nnonsense: 1\n")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("gateway.yaml:2:1: nonsense: ", ended.stderr)

    def test_a_port_that_is_taken_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ended = self.run_with(
                f"listeners: [{{address: '127.0.0.1:{port}'}}]\nadmin: {{address: '127.0.0.1:{free_port()}'}}\n"
                "services: {shop: {endpoints: ['http://127.0.0.1:9']}}\n"
                "routes: [{match: {path_prefix: /}, service: shop}]\n"
            )
        self.assertEqual(ended.returncode, 1)
        self.assertIn(str(port), ended.stderr)

    def test_a_foreign_admin_address_needs_a_token(self):
        ended = self.run_with(
            f"listeners: [{{address: '127.0.0.1:{free_port()}'}}]\nadmin: {{address: '0.0.0.0:{free_port()}'}}\n"
            "services: {shop: {endpoints: ['http://127.0.0.1:9']}}\n"
            "routes: [{match: {path_prefix: /}, service: shop}]\n"
        )
        self.assertEqual(ended.returncode, 2)
        self.assertIn("token_file", ended.stderr)


if __name__ == "__main__":
    main()
