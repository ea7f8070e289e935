"""tools/failed_tests.py, on folders that look as ctest leaves them."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "failed_tests.py"

LOG = """Start testing: Nov 26 17:57 UTC
----------------------------------------------------------
1/3 Testing: well
1/3 Test: well
Command: "/well"
Output:
----------------------------------------------------------
all is well
<end of output>
Test time =   0.01 sec
----------------------------------------------------------
Test Passed.

2/3 Testing: bad
2/3 Test: bad
Command: "/bad"
Output:
----------------------------------------------------------
{lines}
AssertionError: 1 != 2
<end of output>
Test time =   0.02 sec
----------------------------------------------------------
Test Failed.

3/3 Testing: worse
3/3 Test: worse
Command: "/worse"
Output:
----------------------------------------------------------
Segmentation fault
<end of output>
Test time =   0.02 sec
----------------------------------------------------------
Test Failed.
"""


class FailedTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        logs = self.folder / "test" / "core" / "Testing" / "Temporary"
        logs.mkdir(parents=True)
        (logs / "LastTest.log").write_text(LOG.format(lines="\n".join(f"line {n}" for n in range(100))))
        (logs / "LastTestsFailed.log").write_text("2:bad\n3:worse\n")
        self.failed = logs / "LastTestsFailed.log"

    def said(self, *arguments):
        return subprocess.run([sys.executable, "-B", SCRIPT, self.folder, *arguments],
                              capture_output=True, text=True, check=True).stdout

    def test_names_each_and_tells_the_end_of_what_it_printed(self):
        said = self.said()
        self.assertIn("    bad\n", said)
        self.assertIn("        AssertionError: 1 != 2\n    worse\n        Segmentation fault\n", said)
        self.assertIn("line 99\n", said)
        self.assertNotIn("line 1\n", said)
        self.assertNotIn("well", said)

    def test_says_nothing_of_earlier_runs(self):
        began = self.folder / "began"
        began.touch()
        os.utime(self.failed, (1, 1))
        self.assertEqual(self.said("--newer", began), "")
        os.utime(began, (0, 0))
        self.assertIn("bad", self.said("--newer", began))


if __name__ == "__main__":
    unittest.main()
