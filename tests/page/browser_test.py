# SPDX-License-Identifier: Apache-2.0
"""Pages in a real browser: drawn, searched, enlarged, by mouse, keyboard and screen reader.

KTSTR_PICTURES names a folder that pictures are left in: light and dark, wide and narrow, printed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from absl.testing import absltest

from ktstr.page.run import run_page
from ktstr.page.suite import key_of, suite_page
from ktstr.result import result_pb2
from tests.page.browser import Browser
from tests.support.located import located
from tests.support.results import RUNS, result

_HOSTILE = (
    "</script><img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>"
)
_DRAWN = "[...document.querySelectorAll('.plot')].every(each => each.querySelector('svg path'))"


class BrowserTest(absltest.TestCase):
    """Of a browser that sees the pages of this test."""

    pages: ClassVar[Path]
    made: ClassVar[list[result_pb2.Result]]
    watched: ClassVar[result_pb2.Result]
    hostile: ClassVar[result_pb2.Result]
    browser: ClassVar[Browser]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.pages = Path(os.environ["TEST_TMPDIR"]) / "pages"
        cls.pages.mkdir(exist_ok=True)
        cls.made = [result(run()) for run in RUNS.values()]
        cls.watched = result(RUNS["watched"]())
        hostile = result(RUNS["watched"]())
        hostile.details[0].message = hostile.monitor.tasks[0].comm = _HOSTILE
        hostile.cgroups[0].name = hostile.identity.test = _HOSTILE
        cls.hostile = hostile
        cls.put("run.html", run_page(cls.watched))
        cls.put("hostile.html", run_page(hostile))
        cls.put("suite.html", suite_page([*cls.made, hostile], "all"))
        cls.browser = cls.enterClassContext(Browser(located("debian_browser/root"), cls.pages))

    @classmethod
    def put(cls, name: str, page: str) -> None:
        (cls.pages / name).write_text(page, encoding="utf-8")

    def setUp(self) -> None:
        super().setUp()
        self.browser.emulate(1300, 900)

    def open(self, name: str, address: str = "") -> None:
        self.browser.open(name, address)
        self.addCleanup(
            lambda: self.assertEqual((self.browser.said, self.browser.requests()), ([], []))
        )

    def shown(self) -> list[str]:
        rows = "[...document.querySelectorAll('.list tbody tr')].filter(row => row.offsetHeight)"
        found: list[str] = self.browser.value(f"{rows}.map(row => row.dataset.key)")
        return found

    def heading(self) -> str:
        return str(self.browser.value("document.querySelector('#result h1')?.textContent || ''"))


class RunTest(BrowserTest):
    def test_charts_are_drawn_as_they_come_into_sight_and_all_for_print(self) -> None:
        self.open("run.html")
        self.browser.until("document.querySelector('#chart-ran svg path')")
        self.browser.value("dispatchEvent(new Event('beforeprint'))")
        self.browser.until(_DRAWN)
        self.assertGreater(len(self.browser.pdf()), 10_000)

    def test_a_stretch_is_enlarged_by_the_mouse_and_stands_in_the_address(self) -> None:
        self.open("run.html")
        self.browser.value("document.getElementById('chart-ran').scrollIntoView()")
        self.browser.until("document.querySelector('#chart-ran svg path')")
        left, top, width = self.browser.value(
            "(box => [box.left, box.top, box.width])"
            "(document.querySelector('#chart-ran svg').getBoundingClientRect())"
        )
        self.browser.drag((left + width * 0.4, top + 70), (left + width * 0.6, top + 75))
        self.browser.until("location.hash.startsWith('#t=')")
        start, end = (
            float(each) for each in self.browser.value("location.hash.slice(3)").split("-")
        )
        self.assertAlmostEqual(start, 0.4, delta=0.05)
        self.assertAlmostEqual(end, 0.6, delta=0.05)

    def test_and_by_the_keyboard(self) -> None:
        self.open("run.html", "#t=0.2-0.6")
        self.browser.until("document.querySelector('#chart-ran svg path')")
        self.browser.value("document.querySelector('#chart-ran .plot').focus()")
        label = "document.querySelector('#chart-ran .role-axis-label text').textContent"
        self.assertEqual(self.browser.value(label), "0.2")
        for key, expected in (
            ("+", "#t=0.300000-0.500000"),
            ("ArrowRight", "#t=0.350000-0.550000"),
            ("ArrowLeft", "#t=0.300000-0.500000"),
            ("-", "#t=0.200000-0.600000"),
            ("0", ""),
        ):
            self.browser.press(key)
            self.assertEqual(self.browser.value("location.hash"), expected)
        self.browser.value("location.hash = '#t=0.5-0.7'")
        self.browser.until(f"{label} === '0.5'")

    def test_rows_are_filtered(self) -> None:
        self.open("run.html")
        self.browser.value("document.querySelector('[data-rows=figures]').focus()")
        for key in "imbal":
            self.browser.press(key)
        shown = (
            "[...document.querySelectorAll('#figures tbody tr')].filter(row => row.offsetHeight)"
        )
        names = self.browser.value(f"{shown}.map(row => row.cells[0].textContent)")
        self.assertEqual(set(names), {"imbalance_ratio"})
        words = self.browser.value("document.querySelector('#figures [role=status]').textContent")
        self.assertRegex(words, "^[0-9]+ of [0-9]+ rows$")

    def test_colours_are_the_systems_and_can_be_chosen(self) -> None:
        paper = "getComputedStyle(document.body).backgroundColor"
        self.open("run.html")
        light = self.browser.value(paper)
        self.browser.emulate(1300, 900, dark=True)
        dark = self.browser.value(paper)
        self.assertNotEqual(light, dark)
        self.browser.value("document.getElementById('theme').click()")
        self.assertEqual(self.browser.value(paper), light)
        self.browser.value("document.getElementById('theme').click()")
        self.browser.emulate(1300, 900)
        self.assertEqual(self.browser.value(paper), dark)
        self.browser.emulate(1300, 900, media="print")
        self.assertEqual(self.browser.value(paper), light)
        self.browser.value("document.getElementById('theme').click()")

    def test_a_screen_reader_is_told(self) -> None:
        self.open("run.html")
        read = self.browser.readable()
        self.assertIn(("heading", "FAIL //sched/fifo:pairs_1n1l2c1t::pairs"), read)
        images = [name for role, name in read if role == "image"]
        self.assertTrue([name for name in images if name.startswith("Time line of 4 CPUs")])
        self.assertIn(("navigation", "Parts of this result"), read)
        self.assertIn(("list", "LLCs of node 0"), read)

    def test_it_fits_a_narrow_window(self) -> None:
        self.browser.emulate(360, 800)
        self.open("run.html")
        self.browser.value("dispatchEvent(new Event('beforeprint'))")
        self.browser.until(_DRAWN)
        self.assertLessEqual(self.browser.value("document.documentElement.scrollWidth"), 360)

    def test_what_a_guest_says_does_nothing(self) -> None:
        self.open("hostile.html")
        self.browser.value("dispatchEvent(new Event('beforeprint'))")
        self.browser.until(_DRAWN)
        self.assertIn("<script>", self.browser.value("document.querySelector('h1').textContent"))
        self.assertNotEqual(self.browser.value("document.title"), "ran")
        self.assertFalse(self.browser.value("document.images.length"))


class SuiteTest(BrowserTest):
    def test_words_and_verdicts_choose_and_stand_in_the_address(self) -> None:
        self.open("suite.html")
        whole = self.shown()
        self.assertLen(whole, len(self.made) + 1)
        self.browser.press("/")
        for key in "starved":
            self.browser.press(key)
        some = self.shown()
        self.assertBetween(len(some), 1, len(whole) - 1)
        self.assertEqual(self.browser.value("location.hash"), "#q=starved")
        self.assertEqual(
            self.browser.value("document.getElementById('count').textContent"),
            f"{len(some)} of {len(whole)} results",
        )
        self.browser.value("document.querySelector('[data-verdict=FAIL].verdict').click()")
        self.assertEqual(self.browser.value("location.hash"), "#q=starved&not=FAIL")
        fewer = self.shown()
        self.open("suite.html", "#q=starved&not=FAIL")
        self.assertEqual(self.shown(), fewer)

    def test_a_cell_of_the_table_chooses(self) -> None:
        self.open("suite.html")
        self.browser.value("document.querySelector('.matrix a[href*=\"1n2l2c1t\"]').click()")
        self.browser.until("document.querySelector('[data-choice=topology]').value === '1n2l2c1t'")
        self.assertBetween(len(self.shown()), 1, len(self.made))

    def test_a_link_opens_a_result_and_back_leads_back(self) -> None:
        key = key_of(self.watched)
        self.open("suite.html", f"#r={key}")
        self.browser.until("document.querySelector('#result h1')")
        self.assertIn("//sched/fifo:pairs_1n1l2c1t::pairs", self.heading())
        self.browser.until("document.querySelector('#chart-ran svg path')")
        self.assertEqual(self.shown(), [])
        self.browser.press("Escape")
        self.browser.until("!document.querySelector('#result h1')")
        self.assertLen(self.shown(), len(self.made) + 1)
        self.browser.value("history.back()")
        self.browser.until("document.querySelector('#result h1')")
        self.assertEqual(self.browser.value("location.hash"), f"#r={key}")

    def test_the_keyboard_is_enough(self) -> None:
        self.open("suite.html")
        keys = self.shown()
        self.browser.press("j")
        self.browser.press("j")
        focused = "document.activeElement.closest('tr')?.dataset.key"
        self.assertEqual(self.browser.value(focused), keys[1])
        self.browser.press("Enter")
        self.browser.until("document.querySelector('#result h1')")
        self.assertEqual(self.browser.value("location.hash"), f"#r={keys[1]}")
        self.browser.press("n")
        self.browser.until(f"location.hash === '#r={keys[2]}'")
        self.browser.press("p")
        self.browser.until(f"location.hash === '#r={keys[1]}'")
        self.browser.press("Escape")
        self.browser.until("!document.querySelector('#result h1')")
        self.assertEqual(self.browser.value(focused), keys[1])

    def test_columns_are_sorted(self) -> None:
        self.open("suite.html")
        names = (
            "[...document.querySelectorAll('.list tbody tr')].map(row => row.cells[6].textContent)"
        )
        click = "document.querySelector('[data-sort=\"6\"]').click()"
        self.browser.value(click)
        rising = self.browser.value(names)
        self.browser.value(click)
        self.assertNotEqual(self.browser.value(names), rising)
        self.assertEqual(
            self.browser.value("document.querySelector('[data-sort=\"6\"]').parentNode.ariaSort"),
            "descending",
        )

    def test_what_a_guest_says_does_nothing_when_it_is_opened(self) -> None:
        self.open("suite.html", f"#r={key_of(self.hostile)}")
        self.browser.until("document.querySelector('#result h1')")
        self.browser.value("dispatchEvent(new Event('beforeprint'))")
        self.browser.until(_DRAWN)
        self.assertIn("<script>", self.heading())
        self.assertNotEqual(self.browser.value("document.title"), "ran")
        self.assertFalse(self.browser.value("document.images.length"))

    def test_it_fits_a_narrow_window(self) -> None:
        self.browser.emulate(360, 800)
        self.open("suite.html")
        self.assertLessEqual(self.browser.value("document.documentElement.scrollWidth"), 360)


class PicturesTest(BrowserTest):
    def test_pictures_of_all(self) -> None:
        folder = os.environ.get("KTSTR_PICTURES")
        if not folder:
            self.skipTest("KTSTR_PICTURES names no folder")
        for name in ("run", "suite"):
            for width in (1300, 420):
                for dark in (False, True):
                    self.browser.emulate(width, 900, dark=dark)
                    self.open(f"{name}.html")
                    self.browser.value("dispatchEvent(new Event('beforeprint'))")
                    self.browser.until(_DRAWN)
                    picture = self.browser.picture(whole=True)
                    suffix = f"{width}_{'dark' if dark else 'light'}"
                    Path(folder, f"{name}_{suffix}.png").write_bytes(picture)
            self.browser.emulate(1300, 900)
            Path(folder, f"{name}.pdf").write_bytes(self.browser.pdf())


if __name__ == "__main__":
    absltest.main()
