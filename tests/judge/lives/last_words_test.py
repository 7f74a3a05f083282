# SPDX-License-Identifier: Apache-2.0
"""Logs of schedulers that gave up, and the first cause that a verdict tells of each.

golden/NAME.log begins with the phase that the life came to and how its process ended; the rest is
what it printed, in the formats of simplelog, libbpf, anyhow, std::panic and scx_utils.
golden/NAME.message is the verdict's first cause.
"""

from __future__ import annotations

from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.guest.exit_record import ejections, from_own_words
from ktstr.judge.judge import judge
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scheduler_phase import SchedulerPhase
from tests.support import runs

_LOGS = sorted(Path(__file__).parent.joinpath("golden").glob("*.log"))
_PLAN = SchedulerPlan("mine", ("/scheduler/mine/mine",), "mine_*", control=False)


def _message(log: Path) -> str:
    first, _, said = log.read_text(encoding="utf-8").partition("\n")
    phase, _, status = first.partition(", ")
    record = from_own_words(said)
    facts = runs.scheduler(
        name="mine",
        phase=SchedulerPhase(phase),
        ops_attached="mine_1.0.18_x86_64_unknown_linux_gnu",
        ops_end="mine_1.0.18_x86_64_unknown_linux_gnu",
        ended_by_us=False,
        exit_status=status,
        # in order as far as the kernel knows, where the scheduler told of no other end
        exit_kind=record.kind or "UNREG",
        exit_reason=record.reason,
        exit_message=record.message,
        ejections=ejections([], "mine_*", said),
        log_tail=said,
    )
    judged = judge(runs.good_run(runs.plan(scheduler=_PLAN), schedulers=(facts,)))
    assert judged.first_cause is not None
    return f"{judged.first_cause.kind.value}: {judged.first_cause.message}"


class LastWordsTest(parameterized.TestCase):
    def test_there_are_logs(self) -> None:
        self.assertGreater(len(_LOGS), 5)

    @parameterized.parameters(*_LOGS)
    def test_the_first_cause_is_told(self, log: Path) -> None:
        expected = log.with_suffix(".message").read_text(encoding="utf-8").rstrip("\n")
        self.assertEqual(_message(log), expected)


if __name__ == "__main__":
    absltest.main()
