"""Running `switchgear simulate` and `advise` on files of a test's own. SWITCHGEAR_BINARY names the program."""

import os
import subprocess
import tempfile
import unittest

BINARY = os.environ.get("SWITCHGEAR_BINARY", "switchgear")
THREE_IN_A_ROW = (
    "trip: {consecutive_failures: 3, failure_ratio: off}\n"
    "recovery: {open_for: 10s, jitter: 0}\n"
)
# Three failures, the last of which ends at 3.5; two calls while open; a probe at 13.5 that ends at 13.6.
OUTAGE = (
    "time,duration,verdict\n"
    "0,0.1,success\n1,0.5,failure\n2,0.5,failure\n3,0.5,failure\n"
    "4,0.1,success\n5,0.5,failure\n13.5,0.1,success\n14,0.1,success\n"
)


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="switchgear-"))

    def file(self, name, content):
        """Writes a file; returns its path."""
        path = os.path.join(self.folder, name)
        with open(path, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    def ended(self, *arguments, stdin=b"", timeout=60):
        return subprocess.run([BINARY, *arguments], input=stdin, capture_output=True, timeout=timeout, cwd=self.folder, check=False)

    def output(self, *arguments, stdin=b""):
        """What a command that must end well printed."""
        ended = self.ended(*arguments, stdin=stdin)
        self.assertEqual(ended.returncode, 0, ended.stderr.decode())
        return ended.stdout.decode()
