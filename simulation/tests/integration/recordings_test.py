"""The commands `simulate` and `advise`: what they print for files known by heart, and what they refuse."""

import contextlib
import gzip
import json
import os
import pathlib
import pty
import random
import subprocess
import unittest

from command import BINARY, OUTAGE, THREE_IN_A_ROW, CommandTest

GATEWAY = """
listeners: [{address: '127.0.0.1:0'}]
services:
  pay:
    endpoints: ['http://127.0.0.1:9']
    breaker: {trip: {consecutive_failures: 3, failure_ratio: off}, recovery: {open_for: 10s, jitter: 0}}
  shop: {endpoints: ['http://127.0.0.1:9']}
routes: [{service: pay}]
"""


class Simulate(CommandTest):
    def setUp(self):
        super().setUp()
        self.calls = self.file("calls.csv", OUTAGE)
        self.file("A.yaml", THREE_IN_A_ROW)
        self.file("B.yaml", "trip: {consecutive_failures: 5, failure_ratio: off}\n")

    def lines(self, *arguments, stdin=b""):
        return [json.loads(line) for line in self.output("simulate", *arguments, "--output", "json", stdin=stdin).splitlines()]

    def test_every_transition_and_a_summary_for_each_settings(self):
        told = self.lines("calls.csv", "--settings", "A.yaml", "--settings", "B.yaml")
        moves = [(one["settings"], one["key"], one["time"], one["from"], one["to"], one["cause"])
                 for one in told if one["type"] == "transition"]
        self.assertEqual(moves, [
            ("A.yaml", None, 3.5, "closed", "open", "consecutive_failures"),
            ("A.yaml", None, 13.5, "open", "half_open", "pause_over"),
            ("A.yaml", None, 13.6, "half_open", "closed", "probes_succeeded"),
        ])
        self.assertEqual(told[0]["evidence"]["observed"], 3)
        self.assertEqual(told[0]["evidence"]["threshold"], 3)
        expected = {"type": "summary", "settings": "A.yaml", "calls": 8, "admitted": 6, "refused_good": 1, "refused_bad": 1,
                    "admitted_bad": 3, "trips": 1, "open_seconds": 10}
        self.assertEqual([one["settings"] for one in told[-2:]], ["A.yaml", "B.yaml"])
        self.assertLessEqual(expected.items(), told[-2].items())
        self.assertEqual((told[-1]["trips"], told[-1]["admitted"], told[-1]["open_seconds"]), (0, 8, 0))

    def test_text_puts_them_side_by_side(self):
        told = self.output("simulate", "calls.csv", "--settings", "A.yaml", "--settings", "B.yaml")
        self.assertIn("A.yaml would have opened 1 time, refused 1 good call and kept 1 bad one away", told)
        self.assertIn("B.yaml would have opened 0 times, refused 0 good calls", told)
        self.assertRegex(told, r"(?m)^A\.yaml +8 +6 +3 +1 +1 +1 +1 +10 s$")
        self.assertRegex(told, r"3\.5 s  for 10\.1 s  consecutive_failures 3 of 3")

    def test_plain_compressed_and_standard_input_are_the_same(self):
        expected = self.lines("calls.csv", "--settings", "A.yaml")
        packed = gzip.compress(OUTAGE.encode())
        self.file("calls.csv.gz", packed)
        self.assertEqual(self.lines("calls.csv.gz", "--settings", "A.yaml"), expected)
        self.assertEqual(self.lines("-", "--settings", "A.yaml", stdin=OUTAGE.encode()), expected)
        self.assertEqual(self.lines("-", "--settings", "A.yaml", stdin=packed), expected)
        odd = b"\xef\xbb\xbf" + OUTAGE.replace("\n", "\r\n").encode()
        self.assertEqual(self.lines("-", "--settings", "A.yaml", stdin=odd), expected)

    def test_logs_say_the_same_as_the_table(self):
        expected = [one for one in self.lines("calls.csv", "--settings", "A.yaml") if one["type"] == "summary"]
        log = ""
        for line in OUTAGE.splitlines()[1:]:
            start, lasts, how = line.split(",")
            end = float(start) + float(lasts)
            log += json.dumps({"time": f"2024-01-01T00:00:{end:06.3f}Z", "level": "info", "message": "GET /", "service": "pay",
                               "duration_ms": float(lasts) * 1000, "status": 200 if how == "success" else 500}) + "\n"
        log += '{"time":"2024-01-01T00:00:10.000Z","level":"error","message":"Circuit opened after repeated downstream failures."}\n'
        log += '{"time":"2024-01-01T00:00:10.000Z","status":500,"duration_ms":1,"service":"shop"}\n'
        self.file("gateway.yaml", GATEWAY)
        told = self.lines("-", "--settings", "gateway.yaml", "--service", "pay", stdin=log.encode())
        del told[-1]["settings"], expected[0]["settings"]
        self.assertEqual(told[-1], expected[0])
        self.assertEqual(told[0]["time"], 1704067203.5)

    def test_options_and_the_recording_come_in_any_order(self):
        expected = self.lines("calls.csv", "--settings", "A.yaml")
        self.assertEqual(self.lines("--settings", "A.yaml", "calls.csv"), expected)
        self.assertEqual(self.lines("--settings", "A.yaml", "calls.csv", "--report", "out.html"), expected)

    def test_each_key_has_its_breaker(self):
        rows = "".join(f"{i},0,failure,{key}\n" for i, key in enumerate(("a", "b", "a", "b", "a", "b")))
        told = self.lines("-", "--settings", "A.yaml", stdin=("time,duration,verdict,key\n" + rows).encode())
        self.assertEqual([(one["key"], one["time"]) for one in told[:-1]], [("a", 4), ("b", 5)])

    def test_a_log_of_another_scope_is_cut_by_the_scope_of_the_service(self):
        self.file("access.log", "".join(
            json.dumps({"time": i, "duration_ms": 10, "service": "pay", "breaker": "pay", "endpoint": f"http://127.0.0.1:{9 + i % 2}",
                        "status": 500 if i % 2 else 200}) + "\n" for i in range(20)))
        scoped = GATEWAY.replace("breaker: {", "breaker: {scope: endpoint, ").replace(":9'", ":9', 'http://127.0.0.1:10'", 1)
        self.file("endpoint.yaml", scoped)
        told = self.lines("access.log", "--settings", "endpoint.yaml", "--service", "pay")
        self.assertEqual((told[0]["key"], told[0]["time"]), ("http://127.0.0.1:10", 5))
        self.file("key.yaml", GATEWAY.replace("breaker: {", "breaker: {scope: key, key: {header: X}, "))
        ended = self.ended("simulate", "access.log", "--settings", "key.yaml", "--service", "pay")
        self.assertEqual(ended.returncode, 0)
        self.assertIn("key.yaml: a breaker for each key, but 20 of 20 calls of access.log name none: ", ended.stderr.decode())
        ended = self.ended("simulate", "access.log", "--settings", "key.yaml", "--settings", "endpoint.yaml", "--service", "pay")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("key.yaml has a breaker for each key, and endpoint.yaml one for each endpoint: try one after the other",
                      ended.stderr.decode())

    def test_more_keys_than_are_kept_are_told(self):
        rows = "".join(f"{i / 100},0.01,success,user-{i}\n" for i in range(3000))
        calls = ("time,duration,verdict,key\n" + rows).encode()
        self.file("adaptive.yaml", "trip: {adaptive: true}\n")
        self.assertEqual(self.ended("simulate", "-", "--settings", "adaptive.yaml", stdin=calls).stderr, b"")
        self.file("gateway.yaml", GATEWAY.replace("breaker: {", "breaker: {scope: key, key: {header: X-Tenant}, "))
        ended = self.ended("simulate", "-", "--settings", "gateway.yaml", "--service", "pay", stdin=calls)
        self.assertEqual(ended.returncode, 0)
        self.assertRegex(ended.stderr.decode(), r"^gateway\.yaml: 3000 keys, of which 1000 are kept at a time: idle ones were "
                                                r"forgotten, and \d+ shared the breaker \(overflow\)\n$")

    def test_memory_is_that_of_the_keys_kept_not_of_the_keys_met(self):
        rows = "".join(f"{i / 1000},0.01,success,user-{i}\n" for i in range(80000))
        self.file("keys.csv", "time,duration,verdict,key\n" + rows)
        self.file("gateway.yaml", GATEWAY.replace("breaker: {trip: {", "breaker: {scope: key, key: {header: X}, max_keys: 100, "
                                                  "trip: {adaptive: true, "))
        # A sanitizer that keeps freed memory for itself would be what is measured.
        options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        with open(os.devnull, "wb") as nowhere, subprocess.Popen(
                [BINARY, "simulate", "keys.csv", "--settings", "gateway.yaml", "--service", "pay"], stdout=nowhere, stderr=nowhere,
                cwd=self.folder, env=os.environ | {"ASAN_OPTIONS": options.lstrip(":")}) as running:
            _, status, used = os.wait4(running.pid, 0)
            running.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(running.returncode, 0)
        self.assertLess(used.ru_maxrss * 1024, 250e6)

    def test_a_log_of_whole_seconds_is_doubted(self):
        log = '::1 - - [29/Feb/2024:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "x" 2\n' * 200
        ended = self.ended("simulate", "-", "--settings", "A.yaml", stdin=log.encode())
        self.assertEqual(ended.returncode, 0)
        self.assertIn("standard input: all 200 whole request times are below 1000, read as microseconds", ended.stderr.decode())

    def test_progress_on_long_input_is_told_to_a_terminal_and_wiped(self):
        lines = 2_100_000
        self.file("long.csv", "time,duration,verdict\n" + "0,0,success\n" * lines)
        primary, terminal = pty.openpty()
        try:
            ended = subprocess.run([BINARY, "simulate", "long.csv", "--settings", "A.yaml"], stdout=subprocess.PIPE, stderr=terminal,
                                   timeout=100, cwd=self.folder, check=False)
        finally:
            os.close(terminal)
        told = b""
        with contextlib.suppress(OSError), open(primary, "rb", buffering=0) as rest:  # an error is its end
            while some := rest.read(4096):  # the kernel may hand it over in pieces
                told += some
        self.assertEqual(ended.returncode, 0)
        self.assertEqual(told.decode(), "\r1 million calls\r2 million calls\r\033[K")
        self.assertIn(str(lines), ended.stdout.decode())
        self.assertEqual(self.ended("simulate", "long.csv", "--settings", "A.yaml").stderr, b"", "no terminal, no progress")

    def test_bad_lines_are_shown_and_more_than_one_in_a_hundred_is_1(self):
        good = "".join(f"{i},0.1,success\n" for i in range(1000))
        few = "time,duration,verdict\n" + good + "nan,1,success\n" * 10
        ended = self.ended("simulate", "-", "--settings", "A.yaml", stdin=few.encode())
        self.assertEqual(ended.returncode, 0)
        self.assertIn('standard input:1002: time "nan": expected seconds', ended.stderr.decode())
        self.assertIn("10 of 1010 lines bad", ended.stderr.decode())
        many = few + "1000,-1,success\n" * 5
        ended = self.ended("simulate", "-", "--settings", "A.yaml", stdin=many.encode())
        self.assertEqual(ended.returncode, 1)
        self.assertIn("more than 1 % of the lines are bad", ended.stderr.decode())
        self.assertIn("would have opened", ended.stdout.decode())
        self.assertEqual(ended.stderr.decode().count("standard input:10"), 10)

    def test_files_in_the_wrong_order_are_asked_about(self):
        days = ["".join(f"{day * 86400 + i},0.1,success\n" for i in range(50)) for day in (1, 0)]
        ended = self.ended("simulate", "-", "--settings", "A.yaml", stdin=("time,duration,verdict\n" + "".join(days)).encode())
        self.assertEqual(ended.returncode, 1)
        self.assertIn("standard input: 50 began before calls above: are the files in the order of time?\n", ended.stderr.decode())
        few = "time,duration,verdict\n" + "".join(f"{i},0.1,success\n" for i in range(1000)) + "1,0.1,success\n"
        self.assertNotIn("order of time", self.ended("simulate", "-", "--settings", "A.yaml", stdin=few.encode()).stderr.decode())

    def test_a_log_without_what_calls_have_says_what_they_need(self):
        log = '{"time":1,"latency":20,"status":200}\n' * 5
        ended = self.ended("simulate", "-", "--settings", "A.yaml", stdin=log.encode())
        self.assertEqual(ended.returncode, 1)
        self.assertEqual(ended.stderr.decode(), "standard input: 5 lines passed over: a call needs duration_ms or duration, and "
                         "status or verdict\nswitchgear simulate: standard input: no call in it\n")
        calls = '{"time":1,"duration_ms":20,"status":200}\n' * 5
        self.assertEqual(self.ended("simulate", "-", "--settings", "A.yaml", stdin=(log + calls).encode()).stderr, b"")

    def test_what_is_no_recording_is_1_with_a_reason(self):
        packed = gzip.compress(random.Random(1).randbytes(200000).hex().encode())
        for content, words in (
            (b"", "the file is empty"), (b"time,verdict\n", "no column duration"), (b"\x7fELF\x00\x00", "it is no text"),
            (b"Dear diary,\n", "expected a CSV header"), (packed[: len(packed) // 2], "ends too early"),
            (b"time,duration,verdict\n", "no call in it"), (gzip.compress(OUTAGE.encode()) + b"15,1,success\n", "not compressed by gzip follows"),
        ):
            for command in (("simulate", "-", "--settings", "A.yaml"), ("advise", "-")):
                ended = self.ended(*command, stdin=content)
                self.assertEqual(ended.returncode, 1, (words, ended.stderr))
                self.assertIn(words, ended.stderr.decode())
        ended = self.ended("simulate", "nothing.csv", "--settings", "A.yaml")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("nothing.csv: cannot be read: No such file", ended.stderr.decode())

    def test_wrong_settings_are_2_with_line_and_column(self):
        self.file("empty.yaml", "")
        self.file("comment.yaml", "# trip: {}\n")
        self.file("bad.yaml", "trip:\n  consecutive_failurs: 3\nrecovery: {open_for: 5}\n")
        self.file("gateway.yaml", GATEWAY)
        for arguments, words in (
            (("bad.yaml",), ("bad.yaml:2:3: trip.consecutive_failurs", "bad.yaml:3:22: recovery.open_for")),
            (("empty.yaml",), ("empty.yaml:1:1: no settings in it",)),
            (("comment.yaml",), ("comment.yaml:1:1: no settings in it",)),
            (("A.yaml", "--settings", "nothing.yaml"), ("nothing.yaml: cannot be read",)),
            (("gateway.yaml",), ("--service names one of pay, shop",)),
            (("gateway.yaml", "--service", "books"), ('no service "books"; there is pay, shop',)),
        ):
            ended = self.ended("simulate", "calls.csv", "--settings", *arguments)
            self.assertEqual(ended.returncode, 2, ended.stderr)
            for one in words:
                self.assertIn(one, ended.stderr.decode())

    def test_bad_usage_is_2(self):
        for arguments in (("simulate",), ("simulate", "calls.csv"), ("simulate", "calls.csv", "--settings", "A.yaml", "--format", "xml"),
                          ("simulate", "calls.csv", "--settings", "A.yaml", "--settings", "A.yaml"), ("advise",)):
            self.assertEqual(self.ended(*arguments).returncode, 2, arguments)

    def test_words_that_are_none_are_told_in_words(self):
        for arguments, words in (
            (("simulate", "calls.csv", "--settings", "A.yaml", "--format", "xml"), "--format: xml: must be csv, json or combined"),
            (("advise", "calls.csv", "--output", "yaml"), "--output: yaml: must be text or json"),
            (("check", "A.yaml", "--output", "yaml"), "--output: yaml: must be text or json"),
            (("show", "pay", "--output", "yaml"), "--output: yaml: must be text or json"),
        ):
            ended = self.ended(*arguments)
            self.assertEqual(ended.returncode, 2, arguments)
            self.assertIn(words, ended.stderr.decode())
            self.assertNotIn("->", ended.stderr.decode() + self.output(arguments[0], "--help"))

    def test_a_report_never_overwrites_what_is_read(self):
        os.symlink("A.yaml", os.path.join(self.folder, "link.yaml"))
        for report in ("calls.csv", "./calls.csv", "A.yaml", "link.yaml"):
            ended = self.ended("simulate", "calls.csv", "--settings", "A.yaml", "--report", report)
            self.assertEqual(ended.returncode, 2, report)
            self.assertIn(f"--report: {report} is ", ended.stderr.decode())
        self.assertEqual(self.ended("advise", "calls.csv", "--report", "calls.csv").returncode, 2)
        with open(self.calls, "rb") as stdin:
            ended = subprocess.run([BINARY, "simulate", "-", "--settings", "A.yaml", "--report", "calls.csv"], stdin=stdin,
                                   capture_output=True, timeout=60, cwd=self.folder, check=False)
        self.assertEqual(ended.returncode, 2)
        self.assertEqual(pathlib.Path(self.calls).read_text(encoding="utf-8"), OUTAGE)

    def test_output_that_is_lost_is_1(self):
        for output in ("text", "json"):
            with open("/dev/full", "wb") as full:
                ended = subprocess.run([BINARY, "simulate", "calls.csv", "--settings", "A.yaml", "--output", output], stdout=full,
                                       stderr=subprocess.PIPE, timeout=60, cwd=self.folder, check=False)
            self.assertEqual(ended.returncode, 1, output)
            self.assertIn("standard output cannot be written", ended.stderr.decode())

    def test_a_service_that_nothing_looks_at_is_2(self):
        self.file("gateway.yaml", GATEWAY)
        for command in (("simulate", "calls.csv", "--settings", "A.yaml"), ("advise", "calls.csv")):
            ended = self.ended(*command, "--service", "nosuch")
            self.assertEqual(ended.returncode, 2, command)
            self.assertIn("--service nosuch", ended.stderr.decode())
        # Advised settings next to those of the service are what comparing is for.
        self.output("simulate", "calls.csv", "--settings", "gateway.yaml", "--settings", "A.yaml", "--service", "pay")

    def test_a_report_that_cannot_be_written_is_1(self):
        os.mkdir(os.path.join(self.folder, "folder"))
        for command in (("simulate", "calls.csv", "--settings", "A.yaml"), ("advise", "calls.csv")):
            for report in ("/no/such/folder/o.html", "folder", "calls.csv/o.html"):
                ended = self.ended(*command, "--report", report)
                self.assertEqual((ended.returncode, ended.stdout), (1, b""), "told before the recording is read")
                self.assertIn(f"--report: cannot write {report}: ", ended.stderr.decode())

    def test_a_report_to_standard_output_is_2(self):
        ended = self.ended("simulate", "calls.csv", "--settings", "A.yaml", "--report", "-")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("--report: - is no file", ended.stderr.decode())

    def test_a_report_is_left_as_it_is_when_the_recording_cannot_be_read(self):
        report = self.file("kept.html", "as it was")
        self.assertEqual(self.ended("advise", "nothing.csv", "--report", "kept.html").returncode, 1)
        self.assertEqual(pathlib.Path(report).read_text(encoding="utf-8"), "as it was")
        self.assertEqual(self.ended("advise", "nothing.csv", "--report", "new.html").returncode, 1)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "new.html")))

    def test_help_names_the_columns(self):
        for command in ("simulate", "advise"):
            told = self.output(command, "--help")
            for word in ("time", "duration", "verdict", "status", "class", "key", "retry_after", "--report", "Exit codes"):
                self.assertIn(word, told)


class Advise(CommandTest):
    def setUp(self):
        super().setUp()
        chance = random.Random(3)
        rows = ["time,duration,verdict,class,key\n"]
        for i in range(36000):
            now = i / 10
            failing = chance.random() < (0.8 if 1800 <= now < 1900 and i % 2 else 0.005)
            rows.append(f"{now},{chance.uniform(0.01, 0.03):.4f},{'failure,unreachable' if failing else 'success,'},{'ab'[i % 2]}\n")
        self.file("calls.csv", "".join(rows))

    def test_normal_outages_and_settings_are_told(self):
        told = [json.loads(line) for line in self.output("advise", "calls.csv", "--output", "json").splitlines()]
        self.assertEqual([one["type"] for one in told], ["normal", "outage", "advice", "trial", "trial"])
        normal, outage, advice, advised, adaptive = told
        self.assertAlmostEqual(normal["failing_share"], 0.005, delta=0.002)
        self.assertAlmostEqual(normal["calls_per_second"], 10, delta=0.1)
        self.assertAlmostEqual(normal["median_seconds"], 0.02, delta=0.002)
        self.assertAlmostEqual(outage["begin"], 1800, delta=4)
        self.assertAlmostEqual(outage["seconds"], 100, delta=8)
        self.assertEqual(list(outage["classes"]), ["unreachable"])
        self.assertGreater(outage["keys"]["b"], 0.9 * outage["failures"])
        self.assertGreaterEqual(advice["settings"]["trip"]["consecutive_failures"], 3)
        self.assertIn("trip.failure_ratio", advice["reasons"])
        self.assertEqual((advised["settings"], adaptive["settings"]), ("advised", "adaptive"))
        self.assertEqual((advised["outages_met"], advised["opened_outside"]), (1, 0))

    def test_the_text_is_a_file_of_settings(self):
        text = self.output("advise", "calls.csv")
        self.assertIn("# The settings of one breaker: for `breaker:` of a service in the gateway's file, or `simulate --settings`.", text)
        self.file("advised.yaml", text)
        told = self.output("simulate", "calls.csv", "--settings", "advised.yaml", "--output", "json")
        summary = json.loads(told.splitlines()[-1])
        # What the advice says that it would do is what it does.
        trial = [json.loads(line) for line in self.output("advise", "calls.csv", "--output", "json").splitlines()][-2]
        for count in ("opened", "trips", "refused_good", "refused_bad", "admitted_bad"):
            self.assertEqual(trial[count], summary[count])
        # All its opening is within the outage, and it keeps most of it away.
        self.assertGreater(summary["refused_bad"], summary["admitted_bad"] / 4)
        for line in told.splitlines()[:-1]:
            self.assertTrue(1800 <= json.loads(line)["time"] <= 1970, line)

    def test_a_slow_outage_is_seen_by_the_settings_advised(self):
        rows = "".join(f"{i / 10},{random.Random(i).uniform(.5, 1.5) * (.1 if 3000 <= i < 3600 else .02):.5f},success\n"
                       for i in range(10000))
        self.file("slow.csv", "time,duration,verdict\n" + rows)
        self.file("advised.yaml", self.output("advise", "slow.csv"))
        told = [json.loads(line) for line in
                self.output("simulate", "slow.csv", "--settings", "advised.yaml", "--output", "json").splitlines()]
        self.assertGreaterEqual(told[-1]["opened"], 1)
        self.assertEqual(told[0]["cause"], "slow_ratio")
        self.assertTrue(300 <= told[0]["time"] < 361, told[0])

    def test_what_can_be_read_only_once_is_not_tried(self):
        with open(os.path.join(self.folder, "calls.csv"), "rb") as calls:
            told = self.output("advise", "-", stdin=calls.read())
        self.assertIn("#   not tried: what is no file can be read only once", told)

    def test_a_recording_of_a_dead_service_is_not_called_healthy(self):
        rows = "".join(f"{i},0.02,{'failure' if random.Random(i).random() < i / 8000 else 'success'}\n" for i in range(10000))
        told = self.output("advise", "-", stdin=("time,duration,verdict\n" + rows).encode())
        self.assertIn("#   this is no healthy recording: ", told)

    def test_one_dead_key_of_many_is_no_outage_of_the_service(self):
        rows = "".join(f"{i / 1000:.3f},0.02,{'failure' if i % 200 == 17 and 60000 <= i < 120000 else 'success'},k{i * 7 % 200}\n"
                       for i in range(180000))
        bursts = "".join(f"{180 + i / 1000:.3f},0.02,{'failure' if i % 1000 < 40 else 'success'},"
                         f"k{17 if i % 1000 < 40 else i % 200}\n" for i in range(5000))
        told = self.output("advise", "-", stdin=("time,duration,verdict,key\n" + rows + bursts).encode())
        self.assertIn("# nearly all of it is key k17 (100 % of the failures): give each key a breaker of its own, scope: key", told)
        self.assertRegex(told, r"(?m)^  open_for: 5s ")
        self.assertRegex(told, r"(?m)^  max_open_for: 1m ")

    def test_more_keys_than_are_kept_are_told(self):
        rows = "".join(f"{i / 100},0.01,success,user-{i}\n" for i in range(10_001))
        self.file("keys.csv", "time,duration,verdict,key\n" + rows)
        told = self.ended("advise", "keys.csv").stderr.decode()
        for name in ("advised", "adaptive"):
            self.assertRegex(told, rf"(?m)^{name}: 10001 keys, of which 10000 are kept at a time: idle ones were forgotten, and \d+ "
                                   r"shared the breaker \(overflow\)$")

    def advised_from(self, calls):
        """What is printed, and what is said beside it."""
        ended = self.ended("advise", "-", stdin=calls.encode())
        self.assertEqual(ended.returncode, 0, ended.stderr.decode())
        return ended.stdout.decode(), ended.stderr.decode()

    def test_few_calls_get_no_advice(self):
        ended = self.ended("advise", "-", stdin=OUTAGE.encode())
        self.assertEqual((ended.returncode, ended.stdout), (0, b""))
        self.assertIn("8 calls are too few to advise from; it takes 100", ended.stderr.decode())


    def test_calls_that_are_nearly_all_of_an_outage_get_no_advice(self):
        dead = "".join(f"{i / 50},0.02,{'failure' if i >= 60 else 'success'}\n" for i in range(110))
        out, err = self.advised_from("time,duration,verdict\n" + dead)
        self.assertEqual(out, "")
        self.assertRegex(err, "6. of 110 calls lie outside of outages: too few to tell what is normal")

    def test_a_log_of_several_services_is_asked_for_one(self):
        log = "".join(json.dumps({"time": i / 10, "duration_ms": 20, "service": one, "breaker": one,
                                  "status": 500 if one == "pay" and 2000 <= i < 2600 else 200}) + "\n"
                      for i in range(6000) for one in ("pay", "shop"))
        self.file("access.log", log)
        ended = self.ended("advise", "access.log")
        self.assertEqual((ended.returncode, ended.stdout), (2, b""))
        self.assertIn("access.log: it holds the calls of 2 services, and each has a normal of its own: "
                      "choose one with --service NAME, of pay, shop\n", ended.stderr.decode())
        told = self.output("advise", "access.log", "--service", "pay")
        self.assertIn("# 1 outage found", told)
        self.assertNotIn("scope: key", told)
        self.assertIn("# No outage found", self.output("advise", "access.log", "--service", "shop"))

    def test_a_short_recording_of_a_short_outage_knows_what_is_normal(self):
        rows = "".join(f"{i / 500},0.02,{'failure' if 2000 <= i < 3000 else 'success'}\n" for i in range(4000))
        out, _ = self.advised_from("time,duration,verdict\n" + rows)
        self.assertIn("#   3000 calls at 500 a second (500 in the quietest tenth of the time)\n", out)
        self.assertIn("less than once in 30 days at 500 calls/s", out)


class Example(CommandTest):
    """What the guide shows is what the commands print."""

    def test_the_guide_shows_what_is_printed(self):
        root = pathlib.Path(__file__).resolve().parents[3]
        folder = root / "examples/recordings"
        guide = (root / "docs/guide/simulate.md").read_text(encoding="utf-8")
        self.folder = str(folder)
        self.assertIn(self.output("simulate", "outage.csv", "--settings", "now.yaml", "--settings", "new.yaml"), guide)
        self.assertIn(self.output("advise", "outage.csv"), guide)


if __name__ == "__main__":
    unittest.main()
