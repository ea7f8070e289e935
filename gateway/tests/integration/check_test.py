"""`switchgear check`: every violation at its line and column, and exit code 2."""

import json
import os
import re
import tempfile
import unittest

from harness import main, switchgear

GOOD = """\
listeners:
  - address: 127.0.0.1:8080
admin:
  address: 127.0.0.1:9901
defaults:
  timeouts: {connect: 1s, request_headers: 10s, first_byte: 10s, between_bytes: 30s, total: 60s}
  breaker: {trip: {consecutive_failures: 5}, recovery: {open_for: 5s}}
services:
  payments:
    endpoints: [http://127.0.0.1:9000, https://pay.example.com]
    host: endpoint
    breaker:
      scope: service
      trip: {consecutive_failures: 3, failure_ratio: 50%, window: {last: 10s}, minimum_calls: 20}
      recovery: {open_for: 5s, probes: 1, successes_to_close: 2}
    classify:
      - {status: [429, 503], as: trip, when: retry_after}
      - {status: 404, as: failure, class: custom_1}
      - {error: [dns, tls], as: ignored}
    on_failure: pass
    fallback: {when: refused, status: 200, headers: {Content-Type: application/json}, body: '{"items": []}'}
    health_check: {path: /healthz, every: 5s, while: open}
    expose: true
routes:
  - {match: {path_prefix: /pay/, methods: [GET, POST]}, service: payments, strip_prefix: false}
"""


class Check(unittest.TestCase):
    def check(self, text, *arguments):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="switchgear-"))
        self.path = os.path.join(folder, "gateway.yaml")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        return switchgear("check", self.path, *arguments)

    def violations(self, text):
        """What is wrong with this text, as [(line, column, path, whole text)]."""
        ended = self.check(text)
        self.assertEqual(ended.returncode, 2, ended.stderr + ended.stdout)
        found = []
        for line in ended.stderr.splitlines():
            match = re.fullmatch(re.escape(self.path) + r":(\d+):(\d+): (.*)", line)
            self.assertTrue(match, line)
            path = match[3].split(": ")[0] if ": " in match[3] else ""
            found.append((int(match[1]), int(match[2]), path, match[3]))
        return found

    def one(self, good, bad, marker, path, *words):
        """GOOD with `good` replaced by `bad` has exactly one violation: at `marker`, of `path`, saying `words`."""
        self.assertEqual(GOOD.count(good), 1, good)
        text = GOOD.replace(good, bad)
        before = text[: text.index(bad) + bad.index(marker)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        found = self.violations(text)
        self.assertEqual([(where[0], where[1], where[2]) for where in found], [(line, column, path)], found)
        for word in words:
            self.assertIn(word, found[0][3])

    def test_the_documented_example_is_good(self):
        ended = self.check(GOOD)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))

    def test_an_unknown_key(self):
        self.one("    expose: true", "    expoze: true", "expoze", "services.payments.expoze", "expose")

    def test_a_wrong_type(self):
        self.one("consecutive_failures: 3", "consecutive_failures: three", "three",
                 "services.payments.breaker.trip.consecutive_failures", "three")
        self.one("expose: true", "expose: [true]", "[true]", "services.payments.expose")

    def test_a_value_out_of_range(self):
        self.one("probes: 1", "probes: 5000", "5000", "services.payments.breaker.recovery.probes", "5000", "1024")
        self.one("failure_ratio: 50%", "failure_ratio: 150%", "150%", "services.payments.breaker.trip.failure_ratio")

    def test_a_setting_that_cannot_be_reached(self):
        self.one("window: {last: 10s}, minimum_calls: 20", "window: {last_calls: 10}, minimum_calls: 20", "20",
                 "services.payments.breaker.trip.minimum_calls", "10")

    def test_an_unknown_service(self):
        self.one("service: payments, strip", "service: paymints, strip", "paymints", "routes[0].service", "paymints", "payments")

    def test_a_duplicate_key(self):
        self.one("    on_failure: pass\n", "    on_failure: pass\n    on_failure: bad_gateway\n", "on_failure: bad_gateway",
                 "services.payments.on_failure")

    def test_a_bad_duration(self):
        self.one("every: 5s", "every: 5", "5", "services.payments.health_check.every", "5")
        self.one("total: 60s", "total: 60 seconds", "60 seconds", "defaults.timeouts.total")
        self.one("window: {last: 10s}", "window: 10", "10", "services.payments.breaker.trip.window")

    def test_a_bad_url(self):
        for bad in ("ftp://x:1", "127.0.0.1:9000", "http://", "http://host:99999", "http://host/path", "'http://u@host'"):
            self.one("http://127.0.0.1:9000", bad, bad, "services.payments.endpoints[0]")

    def test_a_hidden_route(self):
        more = "strip_prefix: false}\n  - {match: {path_prefix: /pay/x/, methods: [GET]}, service: payments}"
        text = GOOD.replace("strip_prefix: false}", more)
        found = self.violations(text)
        self.assertEqual(len(found), 1, found)
        self.assertEqual(found[0][0], text.count("\n"))
        self.assertIn("routes[1]", found[0][2])

    def test_a_bad_address(self):
        self.one("address: 127.0.0.1:8080", "address: 8080", "8080", "listeners[0].address")

    def test_a_header_that_would_break_the_answer(self):
        found = self.violations(GOOD.replace("{Content-Type: application/json}", '{X-A: "one\\r\\nX-B: two"}'))
        self.assertEqual(len(found), 1)

    def test_a_missing_certificate(self):
        bad = "{address: 127.0.0.1:8443, tls: {certificate: /no/such/file, key: /no/such/key}}"
        found = self.violations(GOOD.replace("address: 127.0.0.1:8080", bad))
        self.assertEqual([where[2] for where in found], ["listeners[0].tls.certificate", "listeners[0].tls.key"])

    def test_key_scope_without_a_key(self):
        found = self.violations(GOOD.replace("scope: service", "scope: key"))
        self.assertEqual(len(found), 1, found)
        self.assertIn("key", found[0][3])

    def test_every_violation_at_once_and_in_order(self):
        text = GOOD.replace("on_failure: pass", "on_failure: maybe").replace("probes: 1", "probes: 0").replace(
            "expose: true", "nonsense: true").replace("every: 5s", "every: never")
        found = self.violations(text)
        self.assertEqual(len(found), 4, found)
        self.assertEqual(found, sorted(found, key=lambda where: where[:2]))

    def test_a_syntax_error_alone(self):
        found = self.violations(GOOD.replace("endpoints: [http", "endpoints: [[http"))
        self.assertEqual(len(found), 1, found)
        found = self.violations("services: {a: b\nnonsense")
        self.assertEqual(len(found), 1, found)
        found = self.violations("services:\n\t- tab\n")
        self.assertEqual((len(found), found[0][0]), (1, 2), found)

    def test_off_switches_a_rule_off(self):
        for off in ("off", "null", "~"):
            ended = self.check(GOOD.replace("consecutive_failures: 3", f"consecutive_failures: {off}"))
            self.assertEqual(ended.returncode, 0, ended.stderr)

    def test_an_empty_file_and_a_missing_one(self):
        self.assertEqual(self.check("").returncode, 2)
        ended = switchgear("check", "/no/such/file.yaml")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("/no/such/file.yaml", ended.stderr)

    def test_json_output_has_the_same(self):
        ended = self.check(GOOD.replace("probes: 1", "probes: 0"), "--output", "json")
        self.assertEqual(ended.returncode, 2)
        (found,) = json.loads(ended.stdout)["violations"]
        self.assertEqual(found["path"], "services.payments.breaker.recovery.probes")
        self.assertEqual(found["line"], 15)


if __name__ == "__main__":
    main()
