"""The scripts in bench/ compare rightly, say in the README what the results say, and notice a call that grew."""

import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
sys.dont_write_bytecode = True
sys.path.insert(0, str(BENCH))
import readme  # noqa: E402
import report  # noqa: E402
import targets  # noqa: E402

LOADER = importlib.machinery.SourceFileLoader("instructions", str(BENCH / "instructions"))
instructions = importlib.util.module_from_spec(importlib.util.spec_from_loader("instructions", LOADER))
LOADER.exec_module(instructions)

ROW = "admitted/last_10s/system/healthy/1"
TARGET = targets.Target("last 10 s", ROW, 9, "a success is one exchange")


def floors(swap, coarse, steady=25.0):
    return {targets.SWAP: swap, targets.COARSE: coarse, targets.STEADY: steady}


def everything():
    """Samples of all rows that the targets and the README name: the n-th costs n ns."""
    rows = {one for target in targets.targets() if target.unit != "bytes" for one in (target.row, *target.over)}
    for name in targets.SUBJECTS:
        rows |= {f"admitted/{name}/{clock}/{rest}" for clock in ("system", "ticking")
                 for rest in ("healthy/1", "1pct/1", "healthy/2on1")}
    samples = {row: [float(n), n + 0.2, n + 0.4] for n, row in enumerate(sorted(rows), 1)}
    return samples | {floor: [value] for floor, value in floors(4.8, 4.2).items()}


class Targets(unittest.TestCase):
    def verdict(self, ns, here):
        return targets.compare(TARGET, {ROW: ns, **here}, {}).verdict

    def test_a_figure_at_the_limit_is_met(self):
        self.assertEqual(self.verdict(9.0, floors(2.7, 6.0)), "met")

    def test_a_figure_that_only_slow_floors_push_over_the_limit_names_them(self):
        self.assertIn("atomic exchange 4.8", self.verdict(10.5, floors(4.8, 6.0)))

    def test_a_figure_over_the_limit_on_any_machine_is_not_met_and_says_why(self):
        self.assertTrue(self.verdict(12.0, floors(4.8, 6.0)).startswith("**not met**: a success is one exchange"))

    def test_the_estimate_exchanges_every_floor(self):
        there = targets.on_reference_machine(ROW, {ROW: 10.0, **floors(4.8, 2.8)})
        self.assertAlmostEqual(there, 10.0 - 4.8 - 2.8 + 2.7 + 6.0)

    def test_the_estimate_is_no_less_than_the_floors_there(self):
        there = targets.on_reference_machine(ROW, {ROW: 10.0, **floors(8.0, 7.0)})
        self.assertAlmostEqual(there, 2.7 + 6.0)

    def test_two_threads_are_not_estimated(self):
        row = "admitted/last_10s/system/1pct/2on1"
        self.assertIsNone(targets.on_reference_machine(row, {row: 20.0, **floors(8.0, 7.0)}))
        outcome = targets.compare(targets.Target("two", row, 15, "the lock"), {row: 20.0, **floors(8.0, 7.0)}, {})
        self.assertFalse(outcome.met_there)

    def test_a_row_that_was_not_measured_has_no_verdict(self):
        self.assertIsNone(targets.compare(TARGET, {}, {}))


class Readme(unittest.TestCase):
    def test_says_the_medians_of_the_results_file(self):
        samples = everything()
        bytes_held = {target.row: 100 for target in targets.targets() if target.unit == "bytes"}
        peers = [{"runtime": "Node 20", "samples": {"cockatiel/last_10s": [1550.0], "cockatiel/in_a_row": [155.0],
                                                    "cockatiel/refused": [3000.0], "call alone": [30.0]}},
                 {"runtime": "Go 1", "samples": {"peer/in_a_row": [17.0], "peer/refused": [2.0]}}]
        about = ["# The core, 2026-01-02", "", "- machine: some machine, 2 cores; load 0.0"]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "core-2026-01-02.md")
            path.write_text(report.write(samples, bytes_held, peers, about))
            block = readme.block(str(path))
        self.assertIn("some machine, 2 cores, 2026-01-02", block)
        for name in targets.SUBJECTS:
            median = report.medians_of(samples)[f"admitted/{name}/system/1pct/1"]
            self.assertIn(f"| {median:.1f} |", block)
        self.assertIn("cockatiel (Node) 155 to 1,550, peer (Go) 17.", block)
        self.assertNotIn("call alone", block)
        met = sum(one.verdict == "met" for one in report.outcomes(report.medians_of(samples), bytes_held))
        self.assertIn(f"{met} of {len(targets.targets())} targets", block)

    def test_says_what_the_newest_results_say(self):
        self.assertEqual(readme.update(readme.newest(), only_check=True), 0)


class Instructions(unittest.TestCase):
    def check(self, counted, known):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = instructions.check(counted, known, "GCC 12")
        return code, out.getvalue()

    def test_ten_percent_more_pass(self):
        self.assertEqual(self.check({"a": 110.0}, {"a": 100.0})[0], 0)

    def test_more_than_ten_percent_more_are_named_with_both_figures(self):
        code, said = self.check({"a": 110.2, "b": 5.0}, {"a": 100.0, "b": 5.0})
        self.assertEqual(code, 1)
        self.assertIn("a: 100.0 before, 110.2 now", said)
        self.assertNotIn("b:", said)

    def test_a_row_without_a_figure_and_a_figure_without_a_row_fail(self):
        self.assertEqual(self.check({"a": 1.0, "new": 1.0}, {"a": 1.0})[0], 1)
        self.assertEqual(self.check({"a": 1.0}, {"a": 1.0, "gone": 1.0})[0], 1)

    def test_a_compiler_without_figures_fails(self):
        self.assertEqual(self.check({"a": 1.0}, {})[0], 1)


class Peers(unittest.TestCase):
    def test_two_threads_are_set_against_two_threads_of_the_same_rule(self):
        medians = {"admitted/in_a_row/system/healthy/1": 10.0, "admitted/in_a_row/system/healthy/2on1": 20.0,
                   "admitted/defaults/system/healthy/2on1": 1.0, "refused/open/system/1": 4.0}
        run = {"runtime": "Go 1", "samples": {"peer/in_a_row": [50.0], "peer/in_a_row/2on1": [60.0],
                                              "peer/refused": [8.0]}}
        row = next(line for line in report.peer_lines(medians, [run]) if line.startswith("| peer (Go 1)"))
        self.assertIn("**5.0**", row)
        self.assertTrue(row.endswith("| 3.0 | 2.0 |"), row)

    def test_a_figure_of_the_reference_machine_is_set_against_what_ours_would_be_there(self):
        medians = {"admitted/last_100/system/healthy/1": 13.4, **floors(13.0, 7.0)}
        row = next(line for line in report.peer_lines(medians, []) if "recloser" in line)
        self.assertIn(f"**{11 / 3.1:.1f}**", row)

    def test_every_documented_figure_has_a_source(self):
        self.assertEqual([one["name"] for one in report.measure.documented_peers() if not one["source"]], [])

    def test_the_lock_file_names_no_registry(self):
        lock = (BENCH / "peers" / "package-lock.json").read_text()
        self.assertNotIn("resolved", lock)
        self.assertNotIn("://", lock)


if __name__ == "__main__":
    unittest.main()
