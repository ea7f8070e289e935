"""tools/check_orders.py finds an operation without a reason, and none that has one."""

import importlib.util
import pathlib
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_orders.py"
SPEC = importlib.util.spec_from_file_location("check_orders", TOOL)
check_orders = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check_orders)
BARE = "    seen = word.load(std::memory_order_acquire);\n"


class Reasons(unittest.TestCase):
    def found(self, text):
        return check_orders.without_reason(text)

    def test_an_operation_without_a_comment_is_found(self):
        self.assertEqual(self.found("int a;\n" + BARE), [(2, "acquire")])

    def test_a_comment_of_another_order_is_no_reason(self):
        self.assertEqual(self.found("// relaxed: a count\n" + BARE), [(2, "acquire")])

    def test_a_comment_far_above_is_no_reason(self):
        self.assertEqual(self.found("// acquire: pairs with f()\n" + "int a;\n" * check_orders.NEAR + BARE),
                         [(check_orders.NEAR + 2, "acquire")])

    def test_a_comment_on_the_line_or_just_above_is_one(self):
        self.assertEqual(self.found(BARE.replace("\n", "  // pairs with f()\n")), [])
        self.assertEqual(self.found("// acquire: pairs with f()\nint a;\n" + BARE), [])

    def test_the_first_comment_does_for_those_of_the_same_order_that_follow(self):
        many = BARE * (check_orders.NEAR + 4)
        self.assertEqual(self.found("// acquire: pairs with f()\n" + many), [])
        self.assertEqual(self.found("// acquire: pairs with f()\n" + many + "    x.store(1, std::memory_order_release);\n"),
                         [(check_orders.NEAR + 6, "release")])

    def test_sequential_consistency_needs_none(self):
        self.assertEqual(self.found("    x.store(1, std::memory_order_seq_cst);\n    x.store(1);\n"), [])


if __name__ == "__main__":
    unittest.main()
