# SPDX-License-Identifier: Apache-2.0
"""A released kernel's own fault is told and charged to nobody, and anything like it is not."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest

from ktstr.console.findings import ConsoleFinding, ConsoleKind
from ktstr.judge.judge import judge
from ktstr.judge.judgement import Judgement
from ktstr.model.facts import Event
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from tests.support import runs

_AT = "WARNING: CPU: 0 PID: 71 at kernel/sched/deadline.c:265"
_OWN = f"{_AT} inactive_task_timer+0x373/0x440"
_CORE = "WARNING: CPU: 1 PID: 60 at kernel/sched/ext.c:3072 put_prev_task_scx+0x1a/0x90"
_WENT = Event(runs.S + runs.MS, EventName.CPU_OFFLINE, None, "1")


def _judged(*texts: str, release: str = "6.12.107-ktstr", went: bool = True) -> Judgement:
    good = runs.good_run()
    console = tuple(
        ConsoleFinding(ConsoleKind.WARNING, 7 + line, text) for line, text in enumerate(texts)
    )
    hello = runs.hello(good.plan, kernel_release=release)
    events = (*good.events, _WENT) if went else good.events
    return judge(dataclasses.replace(good, console=console, hello=hello, events=events))


class KnownFaultsTest(absltest.TestCase):
    def test_the_kernels_own_fault_is_a_remark(self) -> None:
        judged = _judged(_OWN, _OWN)
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        words = [words for words in judged.remarks if "deadline server" in words]
        self.assertLen(words, 1)
        self.assertIn("console line 7, and 1 more", words[0])
        self.assertIn("the kernel log is clean", judged.evidence)

    def test_core_scheduling_is_no_mistake_of_a_scheduler(self) -> None:
        judged = _judged(_CORE, went=False)
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertLen([words for words in judged.remarks if "core scheduling" in words], 1)

    def test_beside_another_report_the_other_one_counts(self) -> None:
        judged = _judged(_OWN, "WARNING: CPU: 0 PID: 71 at kernel/sched/ext.c:9 f+0x1/0x2")
        self.assertIs(judged.verdict, Verdict.FAIL)
        self.assertIn("ext.c:9", judged.details[0].message)

    def test_another_place_kernel_or_occasion_counts(self) -> None:
        for what, judged in {
            "another function": _judged(f"{_AT} enqueue_dl_entity+0x1/0x2"),
            "another kernel": _judged(_OWN, release="7.2.12-ktstr"),
            "core scheduling in another kernel": _judged(_CORE, release="7.2.12-ktstr"),
            "no CPU came or went": _judged(_OWN, went=False),
        }.items():
            with self.subTest(what):
                self.assertIs(judged.verdict, Verdict.FAIL)
                self.assertIs(judged.details[0].kind, Kind.KERNEL_LOG)


if __name__ == "__main__":
    absltest.main()
