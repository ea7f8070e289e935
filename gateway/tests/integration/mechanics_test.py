"""The breaker in front of real sockets: probes, late verdicts, windows, keys, clocks, several workers."""

import os
import subprocess
import tempfile
import time
from email.utils import parsedate_to_datetime

from harness import QUICK, GatewayTest, breaker, main, together, wait_until
from scripted_upstream import Held, hang, status


class Mechanics(GatewayTest):
    def detail(self, gateway, name="shop"):
        return gateway.snapshot(name)

    def due(self, gateway, name="shop"):
        wait_until(lambda: self.detail(gateway, name)["probe_due"], "a probe is due")

    def service(self, upstream, *arguments, **more):
        own = {key: more.pop(key) for key in ("timeouts", "health_check", "endpoints", "fallback") if key in more}
        return {"endpoints": [upstream.url], "breaker": breaker(*arguments, **more), **own}


class Pool(Mechanics):
    def test_behaviour_68_a_connection_idle_for_longer_than_it_may_is_not_used_again(self):
        upstream = self.upstream()
        gateway = self.start({"shop": self.service(upstream, timeouts={"idle": "100ms"})})
        client = self.client(gateway)
        for number in range(1, 6):
            self.assertEqual(client.ask("GET", "/").status, 200)
            self.assertEqual(upstream.connections, number)
            time.sleep(0.25)


class Probes(Mechanics):
    def test_behaviour_44_at_the_end_of_the_pause_exactly_the_probes_get_through(self):
        upstream = self.upstream()
        gateway = self.start(
            {"shop": self.service(upstream, 3, {**QUICK, "probes": 2, "successes_to_close": 2})}, threads=4
        )
        self.trip(gateway, upstream)
        self.due(gateway)
        before = len(upstream.requests)
        held = Held()
        upstream.answer = held

        answered = []

        def arrive(_):
            reply = self.ask(gateway)
            answered.append(reply.status)
            if answered.count(503) == 38:
                held.release()
            return reply

        replies = together(40, arrive)
        self.assertEqual(sorted(reply.status for reply in replies), [200] * 2 + [503] * 38)
        self.assertEqual(len(upstream.requests) - before, 2)
        refused = [reply for reply in replies if reply.status == 503]
        self.assertEqual({self.reason(reply) for reply in refused}, {"probes_busy"})
        self.assertEqual(gateway.rejections(reason="probes_busy"), 38)
        self.assertEqual(gateway.transitions(to="half_open"), 1)
        wait_until(lambda: gateway.state("shop") == "closed", "closed")

    def reason(self, reply):
        parts = [part.strip() for part in reply.header("Circuit-Breaker").split(";")]
        return dict(part.split("=") for part in parts[1:])["reason"]

    def test_behaviour_45_a_probe_that_never_answers_ends_as_a_failure(self):
        upstream = self.upstream()
        gateway = self.start({"shop": self.service(upstream, 3, {**QUICK, "probe_timeout": "300ms", "backoff": 10})})
        self.trip(gateway, upstream)
        self.due(gateway)
        before = len(upstream.requests)
        upstream.answer = hang
        stuck = self.client(gateway)
        stuck.request()
        # Not "half-open": who moves the breaker there may still lose the one place to a caller just behind it.
        wait_until(lambda: len(upstream.requests) > before, "the probe is out")

        def reopened():
            self.assertEqual(self.ask(gateway).status, 503)
            return gateway.transitions(from_="half_open", to="open", cause="probe_expired")

        wait_until(reopened, "the probe has expired")
        self.assertEqual(gateway.transitions(from_="half_open", to="open"), 1)

    def test_behaviour_46_the_answer_to_an_old_question_changes_nothing(self):
        upstream = self.upstream()
        gateway = self.start({"shop": self.service(upstream)})
        held = Held()
        upstream.answer = held
        old = self.client(gateway)
        old.request()
        wait_until(lambda: held.waiting, "the old call is out")
        upstream.answer = status(200)
        self.trip(gateway, upstream)
        gateway.order("shop", "trip", for_="1ms")
        self.due(gateway)
        held.release()
        self.assertEqual(old.response().status, 200)
        gateway.settled(1, verdict="late")
        self.assertEqual(gateway.state("shop"), "open")
        self.assertEqual(gateway.calls(verdict="success"), 0)

    def test_behaviour_47_one_success_of_two_does_not_close_and_a_failure_reopens_for_longer(self):
        upstream = self.upstream()
        gateway = self.start(
            {"shop": self.service(upstream, 3, {**QUICK, "successes_to_close": 2, "backoff": 10})}
        )
        self.trip(gateway, upstream)
        self.due(gateway)
        self.assertEqual(self.ask(gateway).status, 200)
        self.assertEqual(gateway.state("shop"), "half_open")
        upstream.answer = status(500)
        self.assertEqual(self.ask(gateway).status, 500)
        wait_until(lambda: gateway.state("shop") == "open", "open again")
        lines = gateway.wait_log("Downstream probe failed; circuit reopened.")
        self.assertIn("cooldown_ms=2000", lines[0])
        self.assertIn("attempt=2", lines[0])
        self.assertIn("cooldown_ms=200", gateway.wait_log("Circuit opened after repeated downstream failures.")[0])

    def test_behaviour_48_a_health_check_ends_the_pause_but_does_not_close(self):
        upstream = self.upstream()
        gateway = self.start({"shop": self.service(
            upstream, health_check={"path": "/healthz", "every": "100ms", "timeout": "20s", "while": "open"})})
        upstream.answer = lambda exchange: status(503)(exchange)
        for _ in range(3):
            self.assertEqual(self.ask(gateway).status, 503)
        wait_until(lambda: upstream.targets().count("/healthz") >= 2, "two checks")
        self.assertFalse(self.detail(gateway)["probe_due"])
        upstream.answer = status(200)
        self.due(gateway)
        self.assertEqual(gateway.state("shop"), "open", "the check alone closes nothing")
        self.assertEqual(self.ask(gateway).status, 200)
        self.assertEqual(gateway.state("shop"), "closed")
        self.assertEqual(self.ask(gateway).status, 200)
        checks = upstream.targets().count("/healthz")
        for _ in range(30):
            self.assertEqual(self.ask(gateway).status, 200)
            time.sleep(0.01)
        self.assertLessEqual(upstream.targets().count("/healthz"), checks + 1, "no checks while closed")

    def test_behaviour_48_a_healthy_endpoint_says_nothing_of_another(self):
        dead, well = self.upstream(status(503)), self.upstream(status(503))
        gateway = self.start({"shop": self.service(
            dead, 1, {**QUICK, "open_for": "60s", "max_open_for": "60s"}, scope="endpoint",
            endpoints=[dead.url, well.url],
            health_check={"path": "/healthz", "every": "100ms", "timeout": "20s", "while": "open"})})
        names = [f"shop/127.0.0.1:{one.port}" for one in (dead, well)]
        for _ in range(4):
            self.ask(gateway)
        wait_until(lambda: all(gateway.state(name) == "open" for name in names), "both open")

        def slowly(exchange):  # so that the other's check of the same round has passed
            time.sleep(0.05)
            status(503)(exchange)

        dead.answer = slowly
        well.answer = status(200)
        self.due(gateway, names[1])
        checks = dead.targets().count("/healthz")
        wait_until(lambda: dead.targets().count("/healthz") >= checks + 3, "more checks of the other")
        self.assertFalse(self.detail(gateway, names[0])["probe_due"])

    def test_health_checks_of_many_endpoints_do_not_come_all_at_once(self):
        # 1.5 s by the clock of a machine that is not busy; one that stood still may bring them together once.
        self.assertTrue(any(self.checks_are_spread_over() > 0.8 for _ in range(4)))

    def checks_are_spread_over(self):
        """Returns: the seconds from the first of four endpoints' checks to the last."""
        came = {}

        def check(exchange):
            came.setdefault(exchange.request.header("Host"), time.monotonic())
            status(503)(exchange)

        upstreams = [self.upstream(check) for _ in range(4)]
        gateway = self.start({"shop": self.service(
            upstreams[0], endpoints=[one.url for one in upstreams],
            health_check={"path": "/healthz", "every": "2s", "while": "open"})})
        gateway.order("shop", "trip", for_="10m")
        wait_until(lambda: len(came) == 4, "each was asked")
        first, *_, last = sorted(came.values())
        return last - first


class Rules(Mechanics):
    def test_behaviour_49_no_ratio_below_the_minimum_of_calls(self):
        upstream = self.upstream(status(500))
        trip = {"consecutive_failures": None, "failure_ratio": "50%", "minimum_calls": 20, "window": {"last_calls": 50}}
        gateway = self.start({"shop": self.service(upstream, trip=trip)})
        client = self.client(gateway)
        for _ in range(19):
            self.assertEqual(client.ask("GET", "/").status, 500)
        gateway.settled(19)
        self.assertEqual(gateway.state("shop"), "closed")
        client.ask("GET", "/")
        wait_until(lambda: gateway.transitions(to="open", cause="failure_ratio") == 1, "open at the twentieth")

    def test_behaviour_49_a_run_needs_no_minimum(self):
        upstream = self.upstream(status(500))
        trip = {"consecutive_failures": 3, "failure_ratio": "50%", "minimum_calls": 20}
        gateway = self.start({"shop": self.service(upstream, trip=trip)})
        for _ in range(3):
            self.ask(gateway)
        wait_until(lambda: gateway.transitions(to="open", cause="consecutive_failures") == 1, "open")

    def test_slow_answers_trip_and_slow_bodies_do_not(self):
        def slow_body(exchange):
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
            time.sleep(0.5)
            exchange.send(b"k")

        def slow_head(exchange):
            time.sleep(0.5)
            status(200)(exchange)

        upstream = self.upstream(slow_body)
        trip = {"consecutive_failures": None, "slow": {"after": "200ms", "ratio": 1}, "minimum_calls": 3,
                "window": {"last_calls": 3}}
        gateway = self.start({"shop": self.service(upstream, trip=trip)})
        self.assertEqual([self.ask(gateway).status for _ in range(4)], [200] * 4)
        gateway.settled(4)
        self.assertEqual(gateway.state("shop"), "closed")
        upstream.answer = slow_head
        self.assertEqual([reply.status for reply in together(3, lambda _: self.ask(gateway))], [200] * 3)
        wait_until(lambda: gateway.transitions(to="open", cause="slow_ratio") == 1, "open for slowness")

    def test_with_the_adaptive_rule_calls_that_hang_trip_while_they_hang(self):
        upstream = self.upstream()
        gateway = self.start({"shop": self.service(upstream, None, trip={"adaptive": True})})
        usual = self.client(gateway)

        def limit_is_known():
            for _ in range(50):
                self.assertEqual(usual.ask("GET", "/").status, 200)
            return self.detail(gateway)["normal"]["slow_after_ms"]

        wait_until(limit_is_known, "the usual latency is learned")
        held = Held()
        upstream.answer = held
        hanging = [self.client(gateway) for _ in range(24)]
        for client in hanging:
            client.request()
        wait_until(lambda: gateway.transitions(to="open", cause="adaptive") == 1, "open for hanging calls")
        self.assertEqual(gateway.calls(verdict="failure"), 0)
        words = r"\d+ of the last \d+ calls were slow; normal is .* %; such a run comes by chance once in "
        self.assertRegex(gateway.wait_log("Circuit opened: ")[0], words)
        for command in ("show", "explain"):
            self.assertRegex(gateway.command(command, "shop").stdout, words)
        told = self.detail(gateway)["transitions"][-1]["evidence"]
        self.assertGreaterEqual(told["by_chance_once_in_ms"], 30 * 24 * 3600 * 1000)
        held.release(status(200))

    def test_behaviour_50_with_every_endpoint_open_calls_are_refused_and_counted(self):
        first, second = self.upstream(), self.upstream()
        gateway = self.start({"shop": {
            "endpoints": [first.url, second.url], "breaker": breaker(2, scope="endpoint")}})
        names = [f"shop/127.0.0.1:{upstream.port}" for upstream in (first, second)]
        first.answer = status(500)
        wait_until(lambda: self.ask(gateway).status and gateway.state(names[0]) == "open", "the first is open")
        before = len(first.requests), len(second.requests)
        for _ in range(6):
            self.assertEqual(self.ask(gateway).status, 200, "the other one serves")
        self.assertEqual((len(first.requests), len(second.requests)), (before[0], before[1] + 6))
        second.answer = status(500)
        wait_until(lambda: self.ask(gateway).status and gateway.state(names[1]) == "open", "the second is open")
        before = gateway.rejections(), len(first.requests) + len(second.requests)
        reply = self.ask(gateway)
        self.assertEqual(reply.status, 503)
        self.assertGreaterEqual(int(reply.header("Retry-After")), 1)
        self.assertGreater(gateway.rejections(), before[0])
        self.assertEqual(len(first.requests) + len(second.requests), before[1])
        self.assertRegex(gateway.admin("GET", "/metrics").text,
                         r'(?m)^switchgear_all_endpoints_refused_total\{service="shop"\} [1-9]')

    def test_behaviour_51_the_wall_clock_opens_and_closes_nothing(self):
        upstream = self.upstream()
        clock = WallClock()
        self.addCleanup(clock.forget)
        gateway = self.start({"shop": self.service(upstream)}, environment=clock.environment)
        self.trip(gateway, upstream)
        for step in (86_400, -86_400):
            clock.step(step)
            refused = self.ask(gateway)
            self.assertEqual(refused.status, 503)
            told = parsedate_to_datetime(refused.header("Date")).timestamp()
            self.assertGreater(step * (told - time.time()), 0, "it is another day to the gateway")
            self.assertIn(self.ask(gateway).header("Retry-After"), [str(s) for s in range(540, 601)])
        gateway.order("shop", "reset")
        clock.step(7_200)
        self.assertEqual([self.ask(gateway).status for _ in range(3)], [200] * 3)
        self.assertEqual(gateway.state("shop"), "closed")

    def test_behaviour_52_the_window_slides(self):
        upstream = self.upstream()
        trip = {"consecutive_failures": None, "failures": 4, "window": {"last": "3s"}}
        gateway = self.start({"shop": self.service(upstream, trip=trip)})
        client = self.client(gateway)
        upstream.answer = status(500)
        for phase in (0.0, 0.7):  # whatever second a tumbling window would begin in
            time.sleep(phase)
            while self.four_failures_over(client, 1.8) > 2.7:  # 0.9 of the window is what always counts
                gateway.order("shop", "reset")  # the machine was too busy; again
            wait_until(lambda: gateway.state("shop") == "open", "four failures younger than the window")
            gateway.order("shop", "reset")

    def four_failures_over(self, client, span):
        """Four failures in even steps; returns how long they really took."""
        start = time.monotonic()
        for number in range(4):
            time.sleep(max(0.0, start + number * span / 3 - time.monotonic()))
            client.ask("GET", "/")
        return time.monotonic() - start

    def test_behaviour_52_what_is_older_than_the_window_is_forgotten(self):
        upstream = self.upstream(status(500))
        trip = {"consecutive_failures": None, "failures": 4, "window": {"last": "1s"}}
        gateway = self.start({"shop": self.service(upstream, trip=trip)})
        client = self.client(gateway)
        for _ in range(3):
            client.ask("GET", "/")
        time.sleep(1.05)  # the passing of time is what is tested
        for _ in range(3):
            client.ask("GET", "/")
        gateway.settled(6)
        self.assertEqual(gateway.state("shop"), "closed")

    def test_behaviour_53_the_verdict_that_trips_sets_the_time_and_later_ones_are_late(self):
        upstream = self.upstream()
        gateway = self.start({"shop": {
            "endpoints": [upstream.url],
            "breaker": breaker(3, {"open_for": "5s"}),
            "classify": [{"status": 503, "as": "trip", "when": "retry_after"}],
        }})
        held = Held()
        upstream.answer = held
        slow = self.client(gateway)
        slow.request()
        wait_until(lambda: held.waiting, "the slow call is out")
        upstream.answer = status(503, [("Retry-After", "60")])
        self.ask(gateway)
        wait_until(lambda: gateway.state("shop") == "open", "open")
        held.release(status(503, [("Retry-After", "600")]))
        self.assertEqual(slow.response().status, 503)
        gateway.settled(1, verdict="late")
        self.assertLessEqual(int(self.ask(gateway).header("Retry-After")), 60)

        self.assertEqual(gateway.order("shop", "trip", for_="300s").status // 100, 2)
        self.assertIn(int(self.ask(gateway).header("Retry-After")), range(200, 301))
        self.assertEqual(gateway.order("shop", "trip", for_="30s").status // 100, 2)
        self.assertLessEqual(int(self.ask(gateway).header("Retry-After")), 30)


class Scopes(Mechanics):
    def test_by_endpoint_one_that_fails_does_not_take_the_other_along(self):
        good, bad = self.upstream(), self.upstream(status(500))
        gateway = self.start({"shop": {"endpoints": [good.url, bad.url], "breaker": breaker(2, scope="endpoint")}})
        statuses = [self.ask(gateway).status for _ in range(20)]
        self.assertEqual(statuses.count(500), 2)
        self.assertEqual(statuses.count(200), 18, "nobody is refused while one endpoint is well")
        self.assertEqual(gateway.state(f"shop/127.0.0.1:{bad.port}"), "open")
        self.assertEqual(gateway.state(f"shop/127.0.0.1:{good.port}"), "closed")

    def test_by_service_endpoints_are_used_in_turn(self):
        upstreams = [self.upstream() for _ in range(3)]
        gateway = self.start({"shop": {"endpoints": [u.url for u in upstreams]}}, threads=1)
        client = self.client(gateway)
        for _ in range(9):
            self.assertEqual(client.ask("GET", "/").status, 200)
        self.assertEqual([len(upstream.requests) for upstream in upstreams], [3, 3, 3])

    def test_by_key_one_tenant_does_not_take_the_others_along(self):
        upstream = self.upstream(
            lambda exchange: status(500 if exchange.request.header("X-Tenant") == "bad one/%" else 200)(exchange))
        gateway = self.start({"shop": {
            "endpoints": [upstream.url],
            "breaker": breaker(2, scope="key", key={"header": "X-Tenant"}),
        }})
        bad = [("X-Tenant", "bad one/%")]
        self.assertEqual([self.ask(gateway, headers=bad).status for _ in range(3)], [500, 500, 503])
        self.assertEqual(self.ask(gateway, headers=[("x-tenant", "good")]).status, 200)
        self.assertEqual(self.ask(gateway).status, 200)
        self.assertEqual(gateway.state("shop/bad%20one%2F%25"), "open")
        self.assertEqual(gateway.state("shop/good"), "closed")
        self.assertEqual(gateway.calls(breaker="shop/(none)"), 1)
        self.assertIsNone(self.ask(gateway, headers=[("X-Tenant", "good")]).header("Circuit-Breaker"))

    def test_by_key_a_long_key_is_shortened_and_stays_itself(self):
        upstream = self.upstream(status(500))
        gateway = self.start({"shop": {
            "endpoints": [upstream.url], "breaker": breaker(2, scope="key", key={"header": "X-Tenant"})}})
        one, other = [("X-Tenant", "k" * 1000)], [("X-Tenant", "k" * 999 + "l")]
        self.assertEqual([self.ask(gateway, headers=one).status for _ in range(3)], [500, 500, 503])
        self.assertEqual(self.ask(gateway, headers=other).status, 500)
        names = {labels["breaker"] for name, labels, _ in gateway.metrics() if name == "switchgear_state"}
        self.assertTrue(all(len(name) < 200 for name in names), names)

    def test_behaviour_74_keys_are_bounded_and_an_open_one_is_not_forgotten(self):
        upstream = self.upstream()
        gateway = self.start({"shop": {
            "endpoints": [upstream.url],
            "breaker": breaker(2, scope="key", key={"header": "X-Tenant"}, max_keys=10),
        }})
        upstream.answer = status(500)
        bad = [("X-Tenant", "bad")]
        self.assertEqual([self.ask(gateway, headers=bad).status for _ in range(3)], [500, 500, 503])
        upstream.answer = status(200)
        client = self.client(gateway)
        for number in range(200):
            self.assertEqual(client.ask("GET", "/", [("X-Tenant", f"t{number}")]).status, 200)
        self.assertEqual(self.ask(gateway, headers=bad).status, 503, "still open")
        names = {labels["breaker"] for name, labels, _ in gateway.metrics() if name == "switchgear_state"}
        self.assertLessEqual(len(names), 12)
        self.assertIn("shop/bad", names)

    def test_behaviour_74_beyond_the_bound_keys_share_one_breaker(self):
        upstream = self.upstream(status(500))
        gateway = self.start({"shop": {
            "endpoints": [upstream.url],
            "breaker": breaker(1, scope="key", key={"header": "X-Tenant"}, max_keys=3),
        }})
        statuses = [self.ask(gateway, headers=[("X-Tenant", f"t{number}")]).status for number in range(6)]
        self.assertEqual(statuses, [500] * 4 + [503] * 2, "three of their own, then one for all")


class Workers(Mechanics):
    def test_workers_share_the_breaker(self):
        upstream = self.upstream(status(500))
        gateway = self.start({"shop": self.service(upstream, 20)}, threads=4)
        clients = [self.client(gateway) for _ in range(20)]
        statuses = together(20, lambda number: clients[number].ask("GET", "/").status)
        self.assertEqual(statuses, [500] * 20)
        wait_until(lambda: gateway.transitions(to="open") == 1, "open after twenty over all workers")
        statuses = together(20, lambda number: clients[number].ask("GET", "/").status)
        self.assertEqual(statuses, [503] * 20)
        self.assertEqual(len(upstream.requests), 20)


class WallClock:
    """Moves what the program takes for the time of day, and nothing else, by a preloaded clock_gettime."""

    SOURCE = r"""
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <time.h>
        #include <unistd.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        /* By system calls alone: whoever asks for the time may be the allocator, with its locks held. */
        static long offset(void) {
            char text[32] = "";
            long file = syscall(SYS_openat, AT_FDCWD, getenv("WALL_CLOCK_OFFSET"), O_RDONLY);
            if (file < 0) return 0;
            syscall(SYS_read, file, text, sizeof text - 1);
            syscall(SYS_close, file);
            return strtol(text, NULL, 10);
        }
        int clock_gettime(clockid_t id, struct timespec* now) {
            int result = (int)syscall(SYS_clock_gettime, id, now);
            if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += offset();
            return result;
        }
        int gettimeofday(struct timeval* now, void* zone) {
            struct timespec exact; (void)zone;
            clock_gettime(CLOCK_REALTIME, &exact);
            now->tv_sec = exact.tv_sec; now->tv_usec = exact.tv_nsec / 1000;
            return 0;
        }
        time_t time(time_t* out) {
            struct timespec exact;
            clock_gettime(CLOCK_REALTIME, &exact);
            if (out) *out = exact.tv_sec;
            return exact.tv_sec;
        }
    """

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="switchgear-clock-")
        source, library = (os.path.join(self._folder.name, name) for name in ("clock.c", "clock.so"))
        self._offset = os.path.join(self._folder.name, "offset")
        with open(source, "w", encoding="ascii") as file:
            file.write(self.SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
        self.step(0)
        options = os.environ.get("ASAN_OPTIONS", "")
        self.environment = {
            "LD_PRELOAD": library,
            "WALL_CLOCK_OFFSET": self._offset,
            "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0".lstrip(":"),
        }

    def step(self, seconds):
        with open(self._offset + ".new", "w", encoding="ascii") as file:
            file.write(str(seconds))
        os.replace(self._offset + ".new", self._offset)

    def forget(self):
        self._folder.cleanup()


if __name__ == "__main__":
    main()
