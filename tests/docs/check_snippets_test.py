"""tools/check_snippets.py finds planted mistakes in documents and leaves good ones alone."""

import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_snippets.py"
FENCE = "```"


class CheckSnippets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def check(self, *arguments):
        done = subprocess.run([sys.executable, "-B", str(CHECK), "--root", str(self.root), *arguments],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    def generated(self, command):
        output = self.root / "out.cpp"
        code, said = self.check(command, "--output", str(output))
        self.assertEqual(code, 0, said)
        return output.read_text()

    def program(self, exit_code):
        """Stands for `switchgear`: says what it was given and exits with that code."""
        path = self.write("fake", f'#!/bin/sh\nprintf "%s:2:1: services: unknown\\n" "$2"\nexit {exit_code}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    def test_a_body_becomes_a_function_that_names_its_line(self):
        file = self.write("README.md", f"# T\n\n<!-- snippet: body -->\n{FENCE}cpp\nint x = 1;\n{FENCE}\n")
        text = self.generated("cpp")
        self.assertIn(f'#line 5 "{file.resolve()}"\nint x = 1;\n}}', text)
        self.assertIn("void line_5() {", text)
        self.assertNotIn("::line_5();", text)

    def test_a_called_body_is_called(self):
        self.write("docs/a.md", f"<!-- snippet: call -->\n{FENCE}cpp\nint x = 1;\n{FENCE}\n")
        self.assertIn("docs_a_md::line_3();", self.generated("cpp"))

    def test_a_prelude_comes_before_what_follows_it(self):
        self.write("a.md", f"<!-- snippet: prelude\nint hidden();\n-->\n\n{FENCE}cpp\nint seen = hidden();\n{FENCE}\n")
        text = self.generated("cpp")
        self.assertLess(text.index("int hidden();"), text.index("int seen"))

    def test_includes_stand_at_the_top(self):
        self.write("a.md", f"{FENCE}cpp\n#include <vector>\n#include <map>\nint x;\n{FENCE}\n")
        text = self.generated("cpp")
        self.assertLess(text.index("#include <map>"), text.index("namespace a_md"))

    def test_the_program_is_the_one_marked_run(self):
        self.write("a.md", f"<!-- snippet: run -->\n{FENCE}cpp\nint main() {{}}\n{FENCE}\n")
        self.assertIn("int main() {}", self.generated("run"))

    def test_two_programs_are_one_too_many(self):
        block = f"<!-- snippet: run -->\n{FENCE}cpp\nint main() {{}}\n{FENCE}\n"
        self.write("a.md", block + block)
        code, said = self.check("run", "--output", str(self.root / "out.cpp"))
        self.assertEqual(code, 1)
        self.assertIn("a.md:3", said)

    def test_an_unknown_mark_is_refused(self):
        self.write("a.md", f"\n<!-- snippet: bdoy -->\n{FENCE}cpp\nint x;\n{FENCE}\n")
        code, said = self.check("cpp", "--output", str(self.root / "out.cpp"))
        self.assertEqual(code, 1)
        self.assertIn("a.md:2", said)

    def test_a_block_without_end_is_refused(self):
        self.write("a.md", f"{FENCE}cpp\nint x;\n")
        code, said = self.check("cpp", "--output", str(self.root / "out.cpp"))
        self.assertEqual(code, 1)
        self.assertIn("a.md:1: the block has no end", said)

    def test_no_code_at_all_is_an_error(self):
        self.write("a.md", "# Nothing\n")
        self.assertEqual(self.check("cpp", "--output", str(self.root / "out.cpp"))[0], 1)
        self.assertEqual(self.check("yaml", "--switchgear", self.program(0))[0], 1)

    def test_a_refused_configuration_is_told_with_its_document(self):
        self.write("docs/a.md", f"{FENCE}yaml\nlisteners: []\nroutes: []\n{FENCE}\n")
        self.assertEqual(self.check("yaml", "--switchgear", self.program(0))[0], 0)
        code, said = self.check("yaml", "--switchgear", self.program(2))
        self.assertEqual(code, 1)
        self.assertIn("docs/a.md:2: switchgear check: exit code 2\nline:2:1: services: unknown", said)

    def test_links_to_files_and_headings_are_followed(self):
        self.write("docs/b.md", "# One word for one thing\n")
        self.write("a.md", "[b](docs/b.md) [c](docs/b.md#one-word-for-one-thing) [d](https://example.com/x) [e](#top)\n# Top\n")
        code, said = self.check("links")
        self.assertEqual(code, 0, said)

    def test_a_link_to_nowhere_is_told(self):
        self.write("docs/b.md", "# One\n")
        self.write("a.md", f"\n[b](docs/c.md)\n[c](docs/b.md#two)\n{FENCE}\n[d](nowhere.md)\n{FENCE}\n`[e](code.md)`\n")
        code, said = self.check("links")
        self.assertEqual(code, 1)
        self.assertEqual(said, "a.md:2: docs/c.md does not exist\na.md:3: docs/b.md#two: no heading makes that anchor\n")


if __name__ == "__main__":
    unittest.main()
