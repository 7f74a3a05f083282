# SPDX-License-Identifier: Apache-2.0
"""The known faults of the kernel: their switches, their page, and what has no switch is refused."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest

from ktstr.model.errors import InfraError, UsageError
from tests.faults import known_run
from tests.faults.known.fault import WITHOUT, switched_on
from tests.faults.known.missed import MISSED
from tests.support.located import located

_SWITCH = re.compile(r"^\+\tFAULT\((\w+)\)", re.MULTILINE)
_PLACE = re.compile(r"^\+.*ktstr_fault\((\w+)\)", re.MULTILINE)


def _patch() -> str:
    return located("_main/sched/faults/faults.patch").read_text(encoding="utf-8")


def _result(verdict: str, *messages: tuple[str, str]) -> dict[str, Any]:
    phases = [{"name": "scenario", "start_ns": "1000000000", "end_ns": "3500000000"}]
    details = [{"kind": kind, "message": message} for kind, message in messages]
    wall = [{"name": "boot", "seconds": 1.0}, {"name": "total", "seconds": 4.25}]
    return {
        "verdict": verdict,
        "details": details,
        "timeline": {"phases": phases},
        "host": {"wall": wall},
    }


def _all_well() -> dict[str, known_run.Seen]:
    seen = known_run.seen_of(_result("PASS"))
    names = [fault.name for fault in known_run.faults()]
    return {name + suffix: seen for name in names for suffix in ("", WITHOUT)}


class SwitchTest(absltest.TestCase):
    def _parameters(self, known: str) -> Path:
        root = Path(self.create_tempdir().full_path)
        (root / "ktstr_fault").write_text("\n", encoding="ascii")
        (root / "ktstr_faults").write_text(known + "\n", encoding="ascii")
        return root

    def test_a_fault_is_on_meanwhile_and_off_again(self) -> None:
        root = self._parameters("rr_count,leaf_list")
        with switched_on("leaf_list", root=root):
            self.assertEqual((root / "ktstr_fault").read_text(), "leaf_list\n")
        self.assertEqual((root / "ktstr_fault").read_text(), "\n")

    def test_without_it_nothing_is_switched(self) -> None:
        root = self._parameters("rr_count,leaf_list")
        with switched_on("leaf_list", really=False, root=root):
            self.assertEqual((root / "ktstr_fault").read_text(), "\n")

    def test_a_switch_that_the_kernel_lacks_is_named(self) -> None:
        root = self._parameters("rr_count,leaf_list")
        expected = r"fault 'leaf_lost': Linux .* has rr_count, leaf_list"
        with self.assertRaisesRegex(UsageError, expected), switched_on("leaf_lost", root=root):
            self.fail("it was switched on")

    def test_a_kernel_without_switches_is_named(self) -> None:
        root = Path(self.create_tempdir().full_path)
        expected = r"fault 'rr_count': Linux .* has no faults to switch on"
        with self.assertRaisesRegex(UsageError, expected), switched_on("rr_count", root=root):
            self.fail("it was switched on")


class KnownTest(absltest.TestCase):
    def test_each_switch_is_used_and_listed_once(self) -> None:
        patch = _patch()
        switches = _SWITCH.findall(patch)
        places = {name for name in _PLACE.findall(patch) if name != "name"}
        self.assertEqual(sorted(switches), sorted(places))
        listed = [fault.name for fault in known_run.faults()]
        listed += [missed.name for missed in MISSED if missed.switched]
        self.assertEqual(sorted(listed), sorted(switches))

    def test_an_invariant_is_told_by_its_name_and_when_it_was_broken(self) -> None:
        message = "cfs-h-nr did not hold, first there, 1.750000000 s by its runqueue's clock: so"
        result = _result("PASS", ("INVARIANT", message), ("STUCK", "x"))
        result["details"][0]["subject"] = "cfs-h-nr"
        found = known_run.seen_of(result)
        self.assertEqual(found.found, "invariant `cfs-h-nr`, stuck")
        self.assertEqual((found.guest_s, found.host_s), (0.75, 4.25))

    def test_an_invariant_without_a_name_is_told_all_the_same(self) -> None:
        found = known_run.seen_of(_result("PASS", ("INVARIANT", "did not hold")))
        self.assertEqual(found.found, "invariant")

    def test_checks_speak_at_the_end(self) -> None:
        found = known_run.seen_of(_result("PASS", ("STUCK", "x")))
        self.assertEqual((found.found, found.guest_s), ("stuck", 2.5))

    def test_all_as_it_is_to_be_is_no_mistake(self) -> None:
        self.assertEqual(list(known_run.mistakes(_all_well())), [])

    def test_what_was_not_found_and_a_false_alarm_are_mistakes(self) -> None:
        seen = _all_well()
        seen["rr_count"] = known_run.seen_of(_result("FAIL", ("CLAIM", "unmet")))
        seen["leaf_list" + WITHOUT] = known_run.seen_of(_result("FAIL", ("STUCK", "x")))
        del seen["scx_weight"]
        self.assertEqual(
            sorted(known_run.mistakes(seen)),
            ["leaf_list__without: FAIL stuck", "rr_count: FAIL claim", "scx_weight: no result"],
        )

    def test_the_page_has_a_row_for_each(self) -> None:
        page = known_run.render(_all_well())
        for fault in known_run.faults():
            self.assertIn(f"| `{fault.name}` |", page)
        for missed in MISSED:
            self.assertIn(missed.why, page)


class WriteTest(absltest.TestCase):
    """`--write`, of results of which none are there."""

    def setUp(self) -> None:
        self._folder = Path(self.create_tempdir().full_path)
        self._page = self._folder / known_run.PAGE
        self._page.parent.mkdir()
        self._page.write_text("as it was")

    def _main(self, **environ: str) -> int:
        words = ["known", "--write", f"--from={self._folder / 'results'}"]
        unknown = {k: v for k, v in os.environ.items() if k != "BUILD_WORKSPACE_DIRECTORY"}
        told = mock.patch.dict(os.environ, unknown | environ, clear=True)
        with told, mock.patch.object(sys, "argv", words):
            return known_run.main()

    def test_faults_that_a_run_did_not_have_are_said_to_have_no_result(self) -> None:
        self.assertEqual(self._main(BUILD_WORKSPACE_DIRECTORY=str(self._folder)), 1)
        self.assertIn("| no result | - | - |", self._page.read_text())
        self.assertEqual([each.name for each in self._page.parent.iterdir()], [self._page.name])

    def test_it_is_refused_where_nobody_tells_of_the_workspace(self) -> None:
        told = io.StringIO()
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(told):
            self._main()
        self.assertIn("--write replaces docs/kernel_faults.md in the workspace", told.getvalue())
        self.assertEqual(self._page.read_text(), "as it was")

    def test_a_page_that_cannot_be_written_whole_stays_as_it_was(self) -> None:
        whole = mock.patch.object(Path, "replace", side_effect=OSError(errno.ENOSPC, "full"))
        with whole, self.assertRaisesRegex(InfraError, "cannot write"):
            self._main(BUILD_WORKSPACE_DIRECTORY=str(self._folder))
        self.assertEqual(self._page.read_text(), "as it was")
        self.assertEqual([each.name for each in self._page.parent.iterdir()], [self._page.name])


if __name__ == "__main__":
    absltest.main()
