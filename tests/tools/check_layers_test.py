"""tools/check_layers.py finds planted violations and leaves a clean tree alone."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_layers.py"


class CheckLayers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        self.write("core/include/switchgear/breaker.hpp", "#include <atomic>\n#include <switchgear/time.hpp>\n")

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def check(self):
        done = subprocess.run([sys.executable, "-B", str(CHECK), "--root", str(self.root)],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def expect_refused(self, path, text, *words):
        self.write(path, text)
        code, output = self.check()
        self.assertEqual(code, 1, output)
        for word in words:
            self.assertIn(word, output)

    def test_a_clean_tree_passes(self):
        self.write("gateway/src/proxy.cpp", '#include "proxy.hpp"\n#include <boost/asio.hpp>\n'
                                            "#include <switchgear/http/classify.hpp>\n#include <switchgear/breaker.hpp>\n")
        self.write("gateway/src/proxy.hpp", "#pragma once\n")
        self.write("core/tests/window_test.cpp", '#include <gtest/gtest.h>\n#include "../src/window.hpp"\n')
        self.write("core/src/window.hpp", "#pragma once\n")
        code, output = self.check()
        self.assertEqual(code, 0, output)

    def test_an_empty_tree_is_an_error(self):
        with tempfile.TemporaryDirectory() as empty:
            self.root = pathlib.Path(empty)
            self.assertEqual(self.check()[0], 1)

    def test_core_may_not_include_an_adapter(self):
        self.expect_refused("core/src/breaker.cpp", "\n#include <switchgear/http/retry_after.hpp>\n",
                            "core/src/breaker.cpp:2:", "core -> adapters/http")

    def test_core_may_not_do_io(self):
        self.expect_refused("core/src/registry.cpp", "#include <iostream>\n", "core/src/registry.cpp:1:", "<iostream>")

    def test_core_may_not_start_a_thread(self):
        self.expect_refused("core/src/registry.cpp", "#include <thread>\nstd::thread sweeper;\n",
                            "core/src/registry.cpp:2:", "core -> thread")

    def test_core_may_not_include_a_third_party_library(self):
        self.expect_refused("core/src/registry.cpp", "#include <boost/json.hpp>\n", "core -> boost/json.hpp")

    def test_an_adapter_may_not_know_another_adapter(self):
        self.expect_refused("adapters/http/src/classify.cpp", "#include <switchgear/prometheus/exporter.hpp>\n",
                            "adapters/http -> adapters/prometheus")

    def test_policies_may_not_include_the_gateway(self):
        self.expect_refused("policies/src/retry.cpp", "#include <switchgear/gateway/config.hpp>\n",
                            "policies -> gateway")

    def test_production_code_may_not_include_testing(self):
        self.expect_refused("policies/src/retry.cpp", "#include <switchgear/testing/manual_time.hpp>\n",
                            "policies -> testing")

    def test_cli_may_not_include_core_internals(self):
        self.expect_refused("cli/src/show.cpp", "#include <switchgear/breaker.hpp>\n", "cli -> core")

    def test_gateway_and_cli_meet_in_main_only(self):
        self.write("gateway/main.cpp", "#include <switchgear/cli/commands.hpp>\n")
        self.assertEqual(self.check()[0], 0)
        self.expect_refused("gateway/src/demo.cpp", "#include <switchgear/cli/commands.hpp>\n", "gateway -> cli")

    def test_a_quoted_include_may_not_leave_its_layer(self):
        self.write("core/src/window.hpp", "#pragma once\n")
        self.expect_refused("policies/src/retry.cpp", '#include "../../core/src/window.hpp"\n',
                            "policies/src/retry.cpp:1:", "policies -> core/src/window.hpp")

    def test_an_include_in_a_comment_is_none(self):
        self.write("core/src/breaker.cpp", "// #include <iostream>\n/*\n#include <thread>\n*/\n")
        self.assertEqual(self.check()[0], 0)

    def test_the_real_clock_is_read_in_one_file_only(self):
        self.write("core/src/time.cpp", "auto now = std::chrono::steady_clock::now();\n")
        self.assertEqual(self.check()[0], 0)
        self.expect_refused("core/src/breaker.cpp", "\n\nauto now = std::chrono::steady_clock::now();\n",
                            "core/src/breaker.cpp:3:", "steady_clock::now")

    def test_a_unit_test_may_not_sleep(self):
        self.expect_refused("core/tests/breaker_test.cpp", "std::this_thread::sleep_for(1s);\n",
                            "core/tests/breaker_test.cpp:1:", "sleep_for")

    def test_a_co_await_may_not_hang_on_a_condition(self):
        for text in ("co_return keep && co_await drain();", "co_return keep&& co_await drain();",
                     "co_return gone ||\n    co_await drain();", "co_return keep ? co_await drain() : false;",
                     "co_return keep ? true : co_await drain();", "while (!over && co_await more()) go_on();",
                     "go(keep && is_good(1, co_await more()));", "bool all = a && (b || !co_await c());"):
            self.expect_refused("gateway/src/session.cpp", "\n" + text + "\n", "gateway/src/session.cpp:2:", "co_await")

    def test_a_co_await_before_or_beside_a_condition_is_none(self):
        for text in ("if (keep && !gone) co_return co_await drain();", "co_return co_await drain() && keep;",
                     "auto&& read = co_await more();", "go(keep && !gone, co_await more());", "// a && co_await b;",
                     "if (a || b) {\n    co_await c();\n}", "if (co_await more() || gone) go_on();",
                     "#if A && B\n    co_await c();\n#endif"):
            self.write("gateway/src/session.cpp", text + "\n")
            code, output = self.check()
            self.assertEqual(code, 0, output)

    def test_a_folder_outside_the_table_is_refused(self):
        self.expect_refused("helpers/strings.hpp", "#pragma once\n", "helpers/strings.hpp:1:", "no layer")


if __name__ == "__main__":
    unittest.main()
