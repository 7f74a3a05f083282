# SPDX-License-Identifier: Apache-2.0
"""How a test function says that it ended, from a process of its own, as in guests."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.guest.function import body
from ktstr.guest.function.body import run_body
from ktstr.guest.function.context import Context
from ktstr.guest.function.skipped import Skipped
from ktstr.guest.scenario.population import Stage
from ktstr.model.errors import InfraError, TestFailure
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.verdict.checks import Verdict
from ktstr.model.wire.frames import Frame, FrameReader
from tests.support.plans import function_plan

_STAGE = Stage(TopologyView.of(Topology.parse("1n1l1c1t")), 1.0, 1, seed=1, collect_s=5.0)
_STAYS = InfraError("cannot remove cgroup 'left'")


def _raises(error: BaseException | None) -> Callable[[Context], None]:
    def function(_context: Context) -> None:
        if error is not None:
            raise error

    return function


class BodyTest(parameterized.TestCase):
    def ended(self, error: BaseException | None, closing: Exception | None) -> tuple[Any, str]:
        """What a function that raises this, and whose context does not close, says and prints."""
        link, output = os.pipe(), os.pipe()
        if not os.fork():
            for name in ("shield", "set_comm", "set_oom_score"):
                mock.patch.object(body, name).start()
            mock.patch.object(body, "function_of", return_value=_raises(error)).start()
            mock.patch.object(Context, "close", side_effect=closing).start()
            run_body(function_plan(), _STAGE, link[1], 0, output[1])
        os.close(link[1])
        os.close(output[1])
        with os.fdopen(link[0], "rb") as frames, os.fdopen(output[0]) as printed:
            (frame,) = FrameReader().feed(frames.read())
            assert isinstance(frame, Frame)
            os.wait()
            return frame.body, printed.read()

    @parameterized.parameters(
        (TestFailure("too slow"), "returned", Verdict.FAIL, "too slow"),
        (Skipped("no disk"), "returned", Verdict.SKIP, "no disk"),
        (ValueError("what"), "raised", "", "ValueError: what"),
    )
    def test_a_context_that_does_not_close_hides_no_end(
        self, error: BaseException, outcome: str, verdict: str, detail: str
    ) -> None:
        told, printed = self.ended(error, _STAYS)
        self.assertEqual(
            (told["outcome"], told["verdict"], told["detail"]), (outcome, verdict, detail)
        )
        self.assertIn("cannot remove cgroup 'left'", printed)

    def test_a_context_that_does_not_close_is_told(self) -> None:
        told, _ = self.ended(None, _STAYS)
        self.assertEqual((told["outcome"], told["verdict"]), ("raised", ""))
        self.assertIn("cannot remove cgroup 'left'", told["detail"])


if __name__ == "__main__":
    absltest.main()
