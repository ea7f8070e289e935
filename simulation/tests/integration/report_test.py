"""The report in headless Chromium: it opens offline, shows what the tables say, and fits a phone."""

import json
import os
import unittest

import browser
from command import OUTAGE, THREE_IN_A_ROW, CommandTest


@unittest.skipUnless(browser.EXECUTABLE, "Chromium is not installed: tools/install_dependencies.sh test")
class Report(CommandTest):
    def setUp(self):
        super().setUp()
        self.file("calls.csv", OUTAGE)
        self.file("A.yaml", THREE_IN_A_ROW)
        self.file("<b>long name of settings, with markup.yaml", "trip: {consecutive_failures: 5, failure_ratio: off}\n")
        self.browser = browser.Browser()
        self.addCleanup(self.browser.close)

    def opened(self, *arguments):
        self.output(*arguments, "--report", "out.html")
        self.browser.open(os.path.join(self.folder, "out.html"))

    def simulated(self):
        self.opened("simulate", "calls.csv", "--settings", "A.yaml", "--settings", "<b>long name of settings, with markup.yaml")

    def test_it_asks_for_nothing_and_complains_of_nothing(self):
        self.simulated()
        self.assertEqual(self.browser.complaints, [])
        others = [url for url in self.browser.requests if not url.startswith(("file://", "data:"))]
        self.assertEqual(others, [])

    def test_charts_have_their_lines_and_open_periods(self):
        self.simulated()
        value = self.browser.value
        self.assertEqual(value("document.querySelectorAll('#charts svg').length"), 3)
        self.assertEqual(value("[...document.querySelectorAll('#charts path')].filter(p => p.getAttribute('d')).length"), 4)
        self.assertEqual(value("document.querySelectorAll('#charts .mark').length"), 3)
        self.assertIn("open from 3.5 s for 10.1 s", value("document.querySelector('.mark title').textContent"))
        self.assertFalse(value("/NaN|undefined|Infinity/.test(document.querySelector('#charts').innerHTML)"))

    def test_a_point_of_a_chart_is_told_in_words(self):
        self.simulated()
        self.browser.value(
            "(() => { const s = document.querySelector('svg'), b = s.getBoundingClientRect();"
            "s.dispatchEvent(new PointerEvent('pointermove', {clientX: b.left + b.width * .4, clientY: b.top + 20})); })()")
        told = self.browser.value("document.getElementById('readout').textContent")
        self.assertIn("rate ", told)
        self.assertIn("marked: A.yaml", told)

    def test_the_tables_say_the_same_without_charts(self):
        self.simulated()
        cells = self.browser.value("[...document.querySelectorAll('#summary tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
        self.assertEqual(cells[0], ["A.yaml", "8", "6", "3", "1", "1", "1", "1", "10 s"])
        self.assertEqual(cells[1][0], "<b>long name of settings, with markup.yaml")
        self.assertEqual(self.browser.value("[...document.querySelectorAll('svg')].every(s => s.getAttribute('aria-label'))"), True)

    def expect_all_fits(self):
        """Neither the page nor anything in it is wider than the screen, nor can be scrolled sideways to what is cut off."""
        self.assertTrue(self.browser.value("document.scrollingElement.scrollWidth <= innerWidth"))
        wider = self.browser.value(
            "[...document.querySelectorAll('body *')].filter(e => e.getClientRects().length && !e.closest('svg') &&"
            "(e.getBoundingClientRect().right > innerWidth + 1 || (getComputedStyle(e).display !== 'inline' && e.scrollWidth > e.clientWidth + 1)))"
            ".map(e => e.outerHTML.slice(0, 200))")
        self.assertEqual(wider, [])

    def test_it_fits_a_phone_in_light_and_dark(self):
        colours = set()
        for scheme in ("light", "dark"):
            self.browser.emulate(390, 844, scheme, mobile=True)
            self.simulated()
            self.browser.value("document.querySelectorAll('details').forEach(d => d.open = true)")
            self.expect_all_fits()
            self.assertGreaterEqual(self.browser.value("document.querySelector('svg').getBoundingClientRect().width"), 300)
            self.assertGreaterEqual(self.browser.value("parseFloat(getComputedStyle(document.body).fontSize)"), 16)
            colours.add(self.browser.value("getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(len(colours), 2)

    def test_a_row_is_a_list_on_a_phone(self):
        self.browser.emulate(390, 844, "light", mobile=True)
        self.simulated()
        heading = "getComputedStyle(document.querySelector('#summary td:nth-child(5)'), '::before').content"
        self.assertEqual(self.browser.value(heading), '"refused good"')

    def test_many_keys_open_at_a_time_hide_no_line(self):
        rows = "".join(f"{i / 10},0.02,{'failure' if 300 <= i < 600 else 'success'},k{i % 20}\n" for i in range(1000))
        self.file("keys.csv", "time,duration,verdict,key\n" + rows)
        self.opened("simulate", "keys.csv", "--settings", "A.yaml")
        opacity = ("[...document.querySelectorAll('#charts svg')].map(s => [...s.querySelectorAll('.shade')]"
                   ".reduce((seen, r) => seen * (1 - r.getAttribute('opacity')), 1))")
        self.assertEqual(self.browser.value("document.querySelectorAll('#charts svg:first-of-type .mark').length >= 20"), True)
        for seen_through in self.browser.value(opacity):
            self.assertGreater(seen_through, 0.6)

    def advised(self):
        rows = "".join(f"{i / 10},0.02,{'failure' if 1000 <= i < 1300 else 'success'}\n" for i in range(5000))
        self.file("many.csv", "time,duration,verdict\n" + rows)
        self.opened("advise", "many.csv")

    def test_advice_has_its_outages_and_settings(self):
        self.advised()
        self.assertEqual(self.browser.complaints, [])
        self.assertEqual(self.browser.value("document.querySelectorAll('#summary tbody tr').length"), 1)
        self.assertIn("consecutive_failures:", self.browser.value("document.querySelector('pre').textContent"))
        self.assertEqual(self.browser.value("document.querySelectorAll('#charts .mark').length"), 3)
        self.assertIn("0 % failing", self.browser.value("document.getElementById('normal').innerText"))
        self.assertIn("these settings: opened 1 time", self.browser.value("document.getElementById('tried').innerText"))

    def test_advice_fits_a_phone_with_every_reason(self):
        self.browser.emulate(390, 844, "light", mobile=True)
        self.advised()
        self.expect_all_fits()
        told = [json.loads(line) for line in self.output("advise", "many.csv", "--output", "json").splitlines()]
        reasons = next(one["reasons"] for one in told if one["type"] == "advice")
        shown = self.browser.value("document.getElementById('reasons').innerText")
        self.assertGreaterEqual(len(reasons), 7)
        for why in reasons.values():
            self.assertIn(why, shown)


if __name__ == "__main__":
    unittest.main()
