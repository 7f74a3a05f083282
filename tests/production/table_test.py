# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/production.md follow from results, and what is unaccounted for is told."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from absl.testing import absltest
from runfiles import Runfiles

from tests.production import table_run
from tests.production.table_run import Known, Ran


def _ran(test: str = "nice_levels", **changed: Any) -> Ran:
    fields = {
        "scheduler": "scx_mine",
        "scenarios": "weights",
        "topology": "1n1l2c1t",
        "kernel": "6.12.107",
        "verdict": "PASS",
        "kinds": (),
    }
    return Ran(test=test, **{**fields, **changed})


_UNFAIR = _ran(verdict="FAIL", kinds=("unfair", "starved"))
_KNOWN = Known("scx_mine", "weights", {"nice_levels": "unfair"}, "the scheduler's", "It says so.")


class ResultsTest(absltest.TestCase):
    def _result(self, label: str) -> dict[str, Any]:
        return {
            "identity": {"label": label, "test": "equal", "kernel": {"release": "7.2.12-ktstr"}},
            "verdict": "FAIL",
            "details": [{"kind": "UNFAIR"}, {"kind": "STUCK"}, {"kind": "UNFAIR"}],
        }

    def test_a_result_is_known_by_its_target(self) -> None:
        label = "//sched/production:scx_mine_catalogue_sched_class_1n2l2c2t_test"
        ran = table_run.ran_of(self._result(label))
        self.assertEqual(
            ran,
            Ran("scx_mine", "catalogue_sched_class", "1n2l2c2t", "equal", "7.2.12", "FAIL",
                ("unfair", "stuck")),
        )  # fmt: skip
        self.assertEqual(ran and ran.series, "7.2")

    def test_results_of_other_packages_are_left_out(self) -> None:
        folder = Path(tempfile.mkdtemp())
        for number, package in enumerate(["fifo", "production"]):
            (folder / str(number)).mkdir()
            result = self._result(f"//sched/{package}:scx_mine_weights_1n1l2c1t_test")
            (folder / str(number) / "result.json").write_text(json.dumps(result))
        self.assertEqual([ran.topology for ran in table_run.results_below(folder)], ["1n1l2c1t"])


class KnownTest(absltest.TestCase):
    def test_what_known_has_and_what_passes_is_no_mistake(self) -> None:
        found = [_UNFAIR, _ran(test="other"), _ran(verdict="SKIP")]
        self.assertEqual(list(table_run.mistakes(found, [_KNOWN])), [])

    def test_a_failure_that_is_not_known_is_told(self) -> None:
        elsewhere = Known("scx_mine", "weights", {"nice_levels": "unfair"}, "", "", ("2n2l2c1t",))
        newer = Known("scx_mine", "weights", {"nice_levels": "unfair"}, "", "", (), ("7.2",))
        for known in ([], [elsewhere], [newer]):
            (told,) = table_run.mistakes([_UNFAIR], known)
            self.assertStartsWith(
                told, "scx_mine, weights on 1n1l2c1t, Linux 6.12.107: nice_levels"
            )
            self.assertIn("FAIL unfair, starved; known.bzl does not have it", told)

    def test_a_failure_of_another_kind_is_told(self) -> None:
        (told,) = table_run.mistakes([_ran(verdict="FAIL", kinds=("stuck", "unfair"))], [_KNOWN])
        self.assertIn("stuck, unfair, and known.bzl has it as unfair", told)

    def test_what_is_known_and_passes_is_told(self) -> None:
        (told,) = table_run.mistakes([_ran()], [_KNOWN])
        self.assertIn("it passes, and known.bzl has it as unfair", told)

    def test_one_entry_may_stand_for_all_tests_on_a_kernel(self) -> None:
        entry = {
            "scheduler": "scx_mine",
            "tests": {"*": "scheduler_not_loaded"},
            "kernels": ["6.12"],
        }
        known = table_run.known_of(
            json.dumps([{**entry, "whose": "ours", "why": "It needs more."}])
        )
        page = {"scenarios": "catalogue_stall", "topology": "1n2l2c1t"}
        found = [
            _ran(where, verdict="FAIL", kinds=("scheduler_not_loaded",), **{**page, **others})
            for where, others in (("a", {}), ("b", {"scenarios": "pairs"}))
        ]
        self.assertEqual(list(table_run.mistakes(found, known)), [])
        self.assertIn(
            "| scx_mine | all | all (scheduler_not_loaded) | ours | It needs more. |\n",
            table_run.render(found, known),
        )
        for other in ({"kernel": "7.2.12"}, {"scheduler": "scx_other"}, {"kinds": ("stuck",)}):
            fields: dict[str, Any] = {"verdict": "FAIL", "kinds": ("scheduler_not_loaded",)}
            self.assertLen(list(table_run.mistakes([_ran(**{**fields, **other})], known)), 1)

    def test_an_entry_that_names_the_test_goes_before_one_of_all(self) -> None:
        rest = Known("scx_mine", "weights", {"*": "stuck"}, "", "")
        self.assertEqual(list(table_run.mistakes([_UNFAIR], [rest, _KNOWN])), [])
        self.assertLen(list(table_run.mistakes([_UNFAIR], [rest])), 1)

    def test_the_entries_of_known_bzl_can_be_read(self) -> None:
        runfiles = Runfiles.Create()
        assert runfiles is not None
        path = runfiles.Rlocation("_main/sched/production/known.json")
        assert path is not None
        for entry in table_run.known_of(Path(path).read_text(encoding="utf-8")):
            self.assertTrue(entry.tests and entry.whose and entry.why, entry)


class PageTest(absltest.TestCase):
    def test_a_cell_counts_and_names_what_does_not_pass(self) -> None:
        found = [
            _UNFAIR,
            _ran(test="other"),
            _ran(topology="2n2l2c1t"),
            _ran("far", verdict="SKIP"),
        ]
        text = table_run.render(found, [_KNOWN])
        self.assertIn("### Linux 6.12.107\n", text)
        self.assertIn("| scheduler | scenarios | 1n1l2c1t | 2n2l2c1t |\n", text)
        self.assertIn("| scx_mine | weights | 1 of 2: `nice_levels` unfair | 1 of 1 |\n", text)
        self.assertIn("| `nice_levels` (unfair) | the scheduler's | It says so. |\n", text)

    def test_the_catalogue_has_a_table_of_its_own(self) -> None:
        page = {"scenarios": "catalogue_stall", "topology": "1n2l2c1t"}
        found = [_ran(), _ran("a", **page), _ran("b", scheduler="scx_other", **page)]
        text = table_run.render(found, [])
        self.assertIn("on 1n2l2c1t:\n\n| page | scx_mine | scx_other |\n", text)
        self.assertIn("| stall | 1 of 1 | 1 of 1 |\n", text)
        self.assertNotIn("whose", text)

    def test_a_section_replaces_that_of_its_kernel_alone(self) -> None:
        empty = "before\n<!-- made by //tests/production:table -->\n<!-- end -->\nafter\n"
        page = empty
        for kernel in ("7.2.12", "6.12.107", "10.1.2", "6.12.108"):
            section = table_run.render([_ran(kernel=kernel)], [])
            page = table_run.merged(page, section)
            self.assertEqual(table_run.merged(page, section), page)
        kernels = [line for line in page.splitlines() if line.startswith("### ")]
        self.assertEqual(kernels, ["### Linux 6.12.108", "### Linux 7.2.12", "### Linux 10.1.2"])
        self.assertStartsWith(page, "before\n")
        self.assertEndsWith(page, "<!-- end -->\nafter\n")

    def test_a_page_without_a_place_for_them_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "docs/production.md has no <!-- made by"):
            table_run.merged("a page", table_run.render([_ran()], []))


if __name__ == "__main__":
    absltest.main()
