# SPDX-License-Identifier: Apache-2.0
"""`ktstr difference`: two traces, whole, cut, and damaged."""

from __future__ import annotations

import json
from pathlib import Path

from absl.testing import absltest

from tests.support.commanding import Said, ktstr

_HEAD = {
    "cpus": 1,
    "events": 3,
    "cut": False,
    "problem": "",
    "lacks": [],
    "tasks": {"11": "w0.0.0"},
}


def _insert(at_ns: int, dsq: str) -> dict[str, object]:
    return {"ns": at_ns, "cpu": 0, "event": "dsq_insert", "pid": 11, "dsq": dsq, "depth": 1}


class DifferenceTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)
        (self.top / "MODULE.bazel").touch()

    def _trace(self, name: str, queues: str, cut: bool = False) -> None:
        lines = [_HEAD | {"cut": cut}, *(_insert(1 + i, q) for i, q in enumerate(queues))]
        (self.top / name).write_text("".join(json.dumps(each) + "\n" for each in lines))

    def _ktstr(self, *arguments: str) -> Said:
        return ktstr("difference", *arguments, here=self.top, environ={"HOME": str(self.top)})

    def test_the_end_of_a_trace_that_is_cut_is_no_difference(self) -> None:
        self._trace("whole", "012")
        self._trace("cut", "01", cut=True)
        self._trace("short", "01")
        self._trace("other", "312")
        for arguments, code in (
            (("whole", "whole"), 0),
            (("whole", "cut"), 2),
            (("cut", "whole"), 2),
            (("whole", "short"), 1),
            (("cut", "other"), 1),
        ):
            said = self._ktstr(*arguments)
            self.assertEqual(said.code, code, (arguments, said))

    def test_what_is_no_trace_is_said(self) -> None:
        self._trace("whole", "0")
        for line in ("", "[]", "{}", "[" * 100_000):
            (self.top / "none").write_text(line)
            said = self._ktstr("whole", "none")
            self.assertIn("none is no trace of decisions", said.err)


if __name__ == "__main__":
    absltest.main()
