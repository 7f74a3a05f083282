# SPDX-License-Identifier: Apache-2.0
"""Checks on what a payload printed and how it ended: their order, their words, no data no pass."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from absl.testing import absltest, parameterized

from ktstr import metric
from ktstr.model.facts import Metric, PayloadFacts
from ktstr.model.payload import PayloadEnd, Stream
from ktstr.model.payload_checks import STDERR_BYTES, failed_checks, skip_reason

FACTS = PayloadFacts(
    payload="fio",
    index=0,
    cgroup=None,
    step=None,
    argv=("/payloads/fio/fio",),
    pid=70,
    started_ns=0,
    ended_ns=2_500_000_000,
    end=PayloadEnd.EXITED,
    exit_code=0,
    signal="",
    stdout_bytes=0,
    stderr_bytes=0,
    stdout_truncated=False,
    stderr_truncated=False,
    stdout_tail="",
    stderr_tail="",
)
ENDS: dict[str, dict[str, Any]] = {
    "in order": {},
    "code 3": {"exit_code": 3},
    "signal": {"end": PayloadEnd.SIGNALLED, "exit_code": -1, "signal": "SIGSEGV"},
    "timeout": {"end": PayloadEnd.TIMEOUT, "exit_code": -1, "signal": "SIGKILL"},
    "killed": {"end": PayloadEnd.KILLED, "exit_code": -1, "signal": "SIGKILL"},
    "killed late": {"end": PayloadEnd.KILLED, "exit_code": 0},
}


def facts(*checks: metric.MetricCheck, **changes: Any) -> PayloadFacts:
    return dataclasses.replace(FACTS, checks=checks, **changes)


def printed(**values: float) -> tuple[Metric, ...]:
    return tuple(Metric(name, value, Stream.STDOUT) for name, value in values.items())


class EndTest(parameterized.TestCase):
    @parameterized.parameters(
        ("in order", ""),
        ("code 3", "exited with code 3"),
        ("signal", "was killed by SIGSEGV"),
        ("timeout", "did not end within 2.5 s"),
        ("killed", ""),
        ("killed late", ""),
    )
    def test_without_a_check_it_must_end_well(self, end: str, words: str) -> None:
        self.assertEqual(failed_checks(facts(**ENDS[end])), (words,) if words else ())

    @parameterized.parameters(
        ("in order", 0, ""),
        ("in order", 3, "exited with code 0, exit code 3 expected"),
        ("code 3", 3, ""),
        ("code 3", 0, "exited with code 3, exit code 0 expected"),
        ("signal", -1, ""),
        ("signal", 0, "was killed by SIGSEGV, exit code 0 expected"),
        ("timeout", -1, ""),
        ("timeout", 0, "did not end within 2.5 s, exit code 0 expected"),
        ("killed", -1, ""),
        ("killed", 0, "was killed by the test after 2.5 s, exit code 0 expected"),
    )
    def test_exit_code_eq(self, end: str, code: int, words: str) -> None:
        failed = failed_checks(facts(metric.ExitCodeEq(code), **ENDS[end]))
        self.assertEqual(failed, (words,) if words else ())

    @parameterized.parameters(
        ((0, 4), 0, ""),
        ((0, 4), 4, ""),
        ((0, 4), 3, "exited with code 3, exit code 0 or 4 expected"),
        ((4, 4), 0, "exited with code 0, exit code 4 expected"),
    )
    def test_several_exit_codes_are_a_set(
        self, codes: tuple[int, ...], code: int, words: str
    ) -> None:
        failed = failed_checks(facts(*map(metric.ExitCodeEq, codes), exit_code=code))
        self.assertEqual(failed, (words,) if words else ())

    @parameterized.parameters(
        ("", "skipped itself with exit code 4"),
        ("TAP version 13\n1..0 # SKIP no node\n\n", "exit code 4: 1..0 # SKIP no node"),
        ("ok 1 # SKIP no\n# Totals: pass:0 skip:1\n", "exit code 4: ok 1 # SKIP no"),
        ("needs root\n", "exit code 4: needs root"),
    )
    def test_a_skip_has_a_reason_and_fails_nothing(self, said: str, words: str) -> None:
        checks = (metric.ExitCodeEq(0), metric.ExitCodeSkip(4), metric.Exists("a"))
        made = facts(*checks, exit_code=4, stdout_tail=said)
        self.assertEndsWith(skip_reason(made), words)
        self.assertEqual(failed_checks(made), ())

    @parameterized.parameters(
        ((metric.ExitCodeSkip(4),), {"exit_code": 0}, ""),
        ((metric.ExitCodeSkip(4),), {"exit_code": 5}, "exited with code 5"),
        ((metric.ExitCodeSkip(4), metric.ExitCodeEq(4)), {"exit_code": 4}, ""),
        ((metric.ExitCodeSkip(4),), ENDS["signal"], "was killed by SIGSEGV"),
        ((metric.ExitCodeSkip(4),), ENDS["timeout"], "did not end within 2.5 s"),
    )
    def test_only_its_own_code_is_a_skip(
        self, checks: tuple[metric.MetricCheck, ...], end: dict[str, Any], words: str
    ) -> None:
        made = facts(*checks, **end)
        self.assertEqual(skip_reason(made), "")
        self.assertEqual(failed_checks(made), (words,) if words else ())

    def test_a_wrong_end_is_all_that_is_told_wherever_its_check_stands(self) -> None:
        checks = (metric.Min("iops", 1), metric.ExitCodeEq(1), metric.ExitCodeEq(2))
        self.assertEqual(
            failed_checks(facts(*checks)), ("exited with code 0, exit code 1 or 2 expected",)
        )
        self.assertLen(failed_checks(facts(metric.Min("iops", 1), exit_code=9)), 1)

    def test_one_that_was_not_started_never_passes(self) -> None:
        made = facts(end=PayloadEnd.NOT_STARTED, exit_code=0, error="no such file")
        self.assertEqual(failed_checks(made), ("was not started: no such file",))
        named = facts(end=PayloadEnd.NOT_STARTED, error="payload 'fio': no such file")
        self.assertEqual(failed_checks(named), failed_checks(made))

    def test_the_end_of_stderr_goes_with_it(self) -> None:
        said = failed_checks(facts(exit_code=1, stderr_tail="\nfatal: no config\n\n"))
        self.assertEqual(said, ("exited with code 1; stderr:\n\nfatal: no config",))
        self.assertEqual(
            failed_checks(facts(exit_code=1, stderr_tail=" \n")), ("exited with code 1",)
        )

    @parameterized.product(end=["", "x", "xy", "xyz", "\u00e9", "\U0001f600"], more=[0, 1, 2])
    def test_it_is_cut_at_a_character(self, end: str, more: int) -> None:
        text = "x" * more + "\u20ac" * STDERR_BYTES + end + "."
        (said,) = failed_checks(facts(exit_code=1, stderr_tail=text))
        tail = said.partition("stderr:\n...")[2]
        self.assertTrue(text.endswith(tail))
        self.assertBetween(len(tail.encode()), STDERR_BYTES - 2, STDERR_BYTES)

    def test_exactly_the_limit_is_not_cut(self) -> None:
        (said,) = failed_checks(facts(exit_code=1, stderr_tail="y" * STDERR_BYTES))
        self.assertNotIn("...", said)


class MetricTest(parameterized.TestCase):
    @parameterized.parameters(
        (metric.Min("iops", 10), "metric 'iops' = 9.5 is below the minimum 10"),
        (metric.Max("iops", 9), "metric 'iops' = 9.5 exceeds the maximum 9"),
        (metric.Range("iops", 1, 9), r"metric 'iops' = 9.5 is outside [1, 9]"),
        (metric.Range("iops", 10, 12), r"metric 'iops' = 9.5 is outside [10, 12]"),
        (metric.Min("iops", 9.5), ""),
        (metric.Max("iops", 9.5), ""),
        (metric.Range("iops", 9.5, 9.5), ""),
        (metric.Exists("iops"), ""),
    )
    def test_limits(self, check: metric.MetricCheck, words: str) -> None:
        failed = failed_checks(facts(check, metrics=printed(iops=9.5)))
        self.assertEqual(failed, (words,) if words else ())

    @parameterized.parameters(math.nan, math.inf, -math.inf)
    def test_what_is_no_number_meets_no_limit(self, value: float) -> None:
        checks = (metric.Min("a", -9e9), metric.Max("a", 9e9), metric.Range("a", -9e9, 9e9))
        failed = failed_checks(facts(*checks, metrics=printed(a=value)))
        self.assertLen(failed, 3)
        self.assertContainsSubsequence(failed[0], "is no finite number")
        self.assertEqual(failed_checks(facts(metric.Exists("a"), metrics=printed(a=value))), ())

    def test_whole_numbers_are_shown_in_all_digits(self) -> None:
        made = facts(metric.Max("a", 0.1), metrics=printed(a=1_767_225_612_345.0))
        self.assertIn("= 1767225612345 exceeds the maximum 0.1", failed_checks(made)[0])

    def test_zero_is_there(self) -> None:
        made = facts(metric.Exists("a"), metric.Exists("b"), metrics=printed(a=0.0, b=-0.0))
        self.assertEqual(failed_checks(made), ())

    def test_all_failures_are_told_in_order(self) -> None:
        checks = (
            metric.Max("b", 1),
            metric.ExitCodeEq(0),
            metric.Exists("c"),
            metric.Min("a", 5),
            metric.Max("a", 0),
        )
        failed = failed_checks(facts(*checks, metrics=printed(a=1, b=2)))
        self.assertEqual([words.split()[1] for words in failed], ["'b'", "'c'", "'a'", "'a'"])

    def test_a_missing_metric_names_the_nearest_first(self) -> None:
        names = {f"jobs.{i}.write.bw": 1.0 for i in range(50)} | {"jobs.0.read.iops": 1.0}
        made = facts(metric.Min("job.0.read.iops", 1), metrics=printed(**names))
        (words,) = failed_checks(made)
        self.assertStartsWith(
            words, "metric 'job.0.read.iops' not found; there are: jobs.0.read.iops, "
        )
        self.assertEndsWith(words, " and 41 more")

    def test_names_are_sorted_where_none_is_near(self) -> None:
        (words,) = failed_checks(facts(metric.Exists("xyz"), metrics=printed(b=1, a=1)))
        self.assertEqual(words, "metric 'xyz' not found; there are: a, b")

    def test_there_may_be_none_at_all(self) -> None:
        (words,) = failed_checks(facts(metric.Exists("a")))
        self.assertEqual(words, "metric 'a' not found; the payload printed no metric")


if __name__ == "__main__":
    absltest.main()
