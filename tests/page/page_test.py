# SPDX-License-Identifier: Apache-2.0
"""Pages: whole, of one file, and nothing that a guest says is more than text in them."""

from __future__ import annotations

import base64
import functools
import hashlib
import math
import re

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.page.beside import Beside
from ktstr.page.run import run_page
from ktstr.page.sheet import embedded
from ktstr.page.suite import key_of, suite_page
from ktstr.report.text import headline, verdict_name
from ktstr.result import result_pb2
from ktstr.result.characters import printable
from tests.page.reading import Read, unpacked
from tests.support.result_strategies import TEXTS
from tests.support.results import RUNS, passed, result, starved

# Text that becomes more than text wherever somebody forgot to escape it.
_HOSTILE = (
    "</script><script>said()</script>",
    '"><img src=x onerror=said()>',
    "' onload='said()",
    "<!--<script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:said()",
    "\x1b]0;title\x07\x1b[31m",
    "&lt;b&gt;",
    "\u202e\u202a",
)
_TEXTS = st.one_of(st.sampled_from(_HOSTILE), TEXTS).map(
    lambda text: text.encode("utf-8", "backslashreplace").decode()
)


def _saying(text: str) -> result_pb2.Result:
    """A result in which whatever a guest can say is `text`."""
    made = result(RUNS["starved"]())
    made.identity.test = made.identity.label = made.identity.topology.asked = text
    made.details[0].message = made.details[0].subject = text
    made.remarks.append(text)
    made.evidence.append(text)
    made.timeline.moments.add(at_ns=made.timeline.phases[0].start_ns + 1, name=text, detail=text)
    made.timeline.phases[0].name = text
    for worker in made.workers:
        worker.cgroup = text
    for cgroup in made.cgroups:
        cgroup.name = text
        cgroup.stats.wake.count = 1
        cgroup.stats.wake.buckets.add(index=3, count=1)
    made.figures.add(name=text, value=1.0, unit=text, cgroup=text)
    made.checks[0].subject = made.checks[0].layer = text
    made.claims.add(name=text, value=text, relation=text, verdict=result_pb2.PASS)
    made.logs.add(source="scheduler", text=text)
    made.monitor.tasks.add(pid=100, comm=text)
    return made


def _shape(page: str) -> list[tuple[str, list[str]]]:
    """Its elements with the names of their attributes: all that markup could change."""
    return [(name, sorted(attributes)) for name, attributes in Read(page).elements]


@functools.cache
def _plain_shape() -> list[tuple[str, list[str]]]:
    return _shape(run_page(_saying("plain")))


class PageTest(parameterized.TestCase):
    @parameterized.parameters(*RUNS)
    def test_every_kind_of_result_has_a_page(self, name: str) -> None:
        made = result(RUNS[name]())
        read = Read(run_page(made))
        self.assertFalse(read.unbalanced)
        self.assertEqual(read.open, [])
        self.assertIn(verdict_name(made.verdict), read.text)
        self.assertIn(f"{made.identity.label}::{made.identity.test}", read.text)
        self.assertIn(printable(headline(made)), read.text)
        for detail in made.details:
            self.assertIn(printable(detail.message), read.text)

    @parameterized.parameters(*RUNS)
    def test_places_that_links_lead_to_are_there_and_once(self, name: str) -> None:
        read = Read(run_page(result(RUNS[name]())))
        places = [each["id"] for _, each in read.elements if "id" in each]
        self.assertCountEqual(places, set(places))
        for link in read.named("a"):
            self.assertIn((link["href"] or "").removeprefix("#"), places)

    def test_charts_have_words_and_tables(self) -> None:
        page = run_page(result(RUNS["watched"]()))
        read = Read(page)
        plots = [each for each in read.named("div") if each.get("class") == "plot"]
        self.assertGreaterEqual(len(plots), 2)
        for plot in plots:
            self.assertEqual((plot["role"], plot["tabindex"]), ("img", "0"))
            self.assertTrue(plot["aria-label"])
        (data,) = read.data()
        self.assertEqual({plot["data-chart"] for plot in plots}, set(data))
        self.assertEqual(page.count("As a table</summary>"), len(plots))

    def test_nothing_is_fetched(self) -> None:
        read = Read(run_page(result(passed())))
        self.assertFalse(read.named("link") + read.named("img") + read.named("iframe"))
        self.assertFalse([each for _, each in read.elements if "src" in each])

    def test_only_programs_of_the_page_may_run(self) -> None:
        read = Read(run_page(result(passed())))
        (policy,) = [each["content"] or "" for each in read.named("meta") if "http-equiv" in each]
        allowed = set(re.findall("'sha256-([^']*)'", policy))
        programs = [text for kind, text in read.scripts if not kind]
        digests = {
            base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in programs
        }
        self.assertEqual(digests, allowed)
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe-eval", policy)
        self.assertNotIn("unsafe-inline", policy.partition("script-src")[2].partition(";")[0])

    def test_damaged_numbers_of_the_monitor_are_told(self) -> None:
        made = result(RUNS["watched"]())
        for series in made.monitor.series:
            series.rows.packed = b"\x07damaged"
        text = Read(run_page(made)).text
        self.assertIn("What the monitor saw cannot be read: ", text)
        self.assertIn("Runqueues cannot be read: ", text)
        made.monitor.at_ns.packed = b"\x07damaged"
        self.assertIn("cannot be read", Read(run_page(made)).text)

    def test_a_damaged_histogram_is_told(self) -> None:
        made = result(passed())
        made.cgroups[0].stats.wake.count = 1
        made.cgroups[0].stats.wake.buckets.add(index=2**32 - 1, count=1)
        self.assertIn("Latencies cannot be read: ", Read(run_page(made)).text)

    @parameterized.parameters(math.inf, -math.inf, math.nan)
    def test_figures_may_be_no_numbers(self, value: float) -> None:
        made = result(passed())
        made.figures.add(name="odd", value=value)
        self.assertIn(f"oddallall{value}", Read(run_page(made)).text)

    def test_a_trace_that_is_none_is_told(self) -> None:
        made = result(RUNS["watched"]())
        made.decisions.events = 1
        text = Read(run_page(made, Beside(trace=lambda: ["{}"]))).text
        self.assertIn("The trace cannot be read: ", text)
        self.assertIn("Who ran on each CPU", text)
        text = Read(run_page(made, Beside(trace=lambda: ["[" * 100_000]))).text
        self.assertIn("The trace cannot be read: ", text)

    def test_files_beside_are_linked(self) -> None:
        links = {"trace.perfetto-trace": "a%20b/trace.perfetto-trace"}
        read = Read(run_page(result(passed()), Beside(links=links)))
        self.assertIn("a%20b/trace.perfetto-trace", [each["href"] for each in read.named("a")])


class HostileTest(parameterized.TestCase):
    @parameterized.parameters(*_HOSTILE)
    def test_text_changes_no_markup(self, text: str) -> None:
        plain, hostile = run_page(_saying("plain")), run_page(_saying(text))
        self.assertEqual(_shape(hostile), _shape(plain))
        self.assertIn(printable(text), Read(hostile).text)

    @settings(max_examples=40)
    @given(_TEXTS)
    def test_whatever_is_said_stays_text(self, text: str) -> None:
        page = run_page(_saying(text or "x"))
        self.assertEqual(_shape(page), _plain_shape())
        self.assertNotRegex(page, "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")

    @settings(max_examples=20)
    @given(_TEXTS)
    def test_a_suite_is_no_other(self, text: str) -> None:
        page = suite_page([_saying(text or "x"), result(passed())], text)
        plain = suite_page([_saying("plain"), result(passed())], "plain")
        self.assertEqual(_shape(page), _shape(plain))
        for body, expected in zip(*(_bodies(each) for each in (page, plain)), strict=True):
            self.assertEqual(_shape(body), _shape(expected))
            self.assertNotRegex(body, "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")

    @given(st.recursive(_TEXTS, lambda of: st.lists(of) | st.dictionaries(_TEXTS, of)))
    def test_data_end_no_script(self, value: object) -> None:
        text = str(embedded(value))
        self.assertNotRegex(text, "[<>&\x00-\x1f\x7f-\U0010ffff]")


def _bodies(page: str) -> list[str]:
    (packs,) = Read(page).data()
    return unpacked(packs)


class SuiteTest(parameterized.TestCase):
    def test_all_are_listed_and_those_that_failed_first(self) -> None:
        made = [result(run()) for run in RUNS.values()]
        read = Read(suite_page(made, "all of it"))
        rows = [each for each in read.named("tr") if "data-key" in each]
        self.assertCountEqual([row["data-key"] for row in rows], map(key_of, made))
        verdicts = [row["data-verdict"] or "" for row in rows]
        order = ["FAIL", "INCONCLUSIVE", "PASS", "SKIP"]
        self.assertEqual(verdicts, sorted(verdicts, key=order.index))
        self.assertFalse(read.unbalanced)

    def test_each_is_there_whole_at_its_place(self) -> None:
        made = [result(run()) for run in RUNS.values()]
        page = suite_page(made, "all of it")
        bodies = _bodies(page)
        self.assertLen(bodies, len(made))
        for row in Read(page).named("tr"):
            if "data-place" in row:
                place = int(row["data-place"] or "")
                self.assertEqual(row["data-key"], key_of(made[place]))
                for detail in made[place].details:
                    self.assertIn(printable(detail.message), Read(bodies[place]).text)

    def test_charts_go_where_there_is_no_room_and_that_is_told(self) -> None:
        made = [result(RUNS["watched"]())] * 20
        rich, poor = suite_page(made, "t"), suite_page(made, "t", budget=2_000)
        self.assertNotIn("for want of room", Read(_bodies(rich)[0]).text)
        self.assertIn("Charts are left out for want of room", Read(_bodies(poor)[0]).text)
        self.assertLess(len(poor), len(rich))

    def test_schedulers_and_topologies_are_a_table_of_links(self) -> None:
        made = [result(RUNS[name]()) for name in ("passed", "starved", "watched")]
        made[0].identity.scheduler.label = "//my:a&b"
        made[0].identity.topology.asked = "1n1l2c2t"
        read = Read(suite_page(made, "t"))
        links = [(each["href"], each["class"]) for each in read.named("a") if "class" in each]
        self.assertIn(("#scheduler=a%26b&topology=1n1l2c2t", "pass"), links)
        self.assertIn(("#scheduler=fifo&topology=1n1l2c1t", "fail"), links)
        self.assertNotIn("By scheduler", Read(suite_page([made[1]] * 2, "t")).text)

    def test_progress_is_told(self) -> None:
        told: list[int] = []
        suite_page([result(starved())] * 20, "t", said=told.append)
        self.assertEqual(told, [16, 20])

    def test_there_may_be_none(self) -> None:
        self.assertIn("no results", Read(suite_page([], "nothing")).text)


if __name__ == "__main__":
    absltest.main()
