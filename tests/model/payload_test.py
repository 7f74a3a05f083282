# SPDX-License-Identifier: Apache-2.0
"""What is refused when a payload, a hint or a check is written down."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, cast

from absl.testing import absltest, parameterized

from ktstr import metric
from ktstr.model.codec import decode, encode
from ktstr.model.errors import UsageError
from ktstr.model.payload import MetricHint, OutputFormat, Payload, Polarity

FIO = Payload(
    name="fio",
    program="/payloads/fio/fio",
    path=("/payloads/fio",),
    default_args=("--output-format=json",),
    output=OutputFormat.REGEX,
    patterns={"iops": r"iops=(\d+)"},
    default_checks=(
        metric.Min("iops", 1),
        metric.Max("iops", 1e9),
        metric.Range("iops", 5, 5),
        metric.Exists("iops"),
        metric.ExitCodeEq(-1),
    ),
    metrics=(MetricHint("iops", Polarity.HIGHER_BETTER, unit="1/s"),),
    known_flags=("-t", "--name"),
)


class PayloadTest(parameterized.TestCase):
    def test_it_travels(self) -> None:
        self.assertEqual(decode(Payload, encode(FIO)), FIO)

    @parameterized.named_parameters(
        ("no name", {"name": ""}, "payload name ''"),
        ("a path for a name", {"name": "../x"}, "payload name '../x'"),
        ("no program", {"program": ""}, "payload 'fio': program is ''"),
        ("a relative program", {"program": "fio"}, "program is 'fio'; an absolute guest path"),
        ("a relative directory", {"path": ("/a", "b")}, "path is 'b'"),
        ("twice hinted", {"metrics": FIO.metrics * 2}, "'fio' has several hints for iops"),
        ("no regular expression", {"patterns": {"iops": "("}}, "the pattern of 'iops'"),
        ("no group", {"patterns": {"iops": "x"}}, "has 0 groups"),
        ("two groups", {"patterns": {"iops": "(x)(y)"}}, "has 2 groups"),
        ("a nameless pattern", {"patterns": {"": "(x)"}}, "metric name ''"),
        ("no patterns", {"patterns": None}, "'regex' with 0 patterns"),
        ("stray patterns", {"output": OutputFormat.JSON}, "'json' with 1 patterns"),
        ("a word for a flag", {"known_flags": ("name",)}, "known flag 'name' is no option"),
        ("a flag with a value", {"known_flags": ("--name=x",)}, "known flag '--name=x'"),
        ("a lone dash", {"known_flags": ("-",)}, "known flag '-'"),
    )
    def test_refused(self, changes: dict[str, Any], words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            dataclasses.replace(FIO, **changes)


class CheckTest(parameterized.TestCase):
    @parameterized.parameters(
        (lambda: metric.Range("iops", 2, 1), "Range of 'iops' is reversed: low 2 is above high 1"),
        (lambda: metric.Range("iops", math.nan, 1), "Range of 'iops': low is nan"),
        (lambda: metric.Range("iops", 1, math.inf), "Range of 'iops': high is inf"),
        (lambda: metric.Min("iops", -math.inf), "Min of 'iops': value is -inf"),
        (lambda: metric.Min("iops", 10**400), "Min of 'iops': value is 10+; it must be a finite"),
        (lambda: metric.Max("iops", True), "Max of 'iops': value is True"),
        (
            lambda: metric.Max("iops", cast(Any, "3")),
            "Max of 'iops': value is '3'; .* finite",
        ),
        (lambda: metric.Min("", 1), "Min: metric name ''"),
        (lambda: metric.Exists(""), "Exists: metric name ''"),
        (lambda: metric.ExitCodeEq(256), r"ExitCodeEq\(256\): an exit code is 0 to 255, or -1"),
        (lambda: metric.ExitCodeEq(-2), r"ExitCodeEq\(-2\)"),
        (lambda: metric.ExitCodeSkip(0), r"ExitCodeSkip\(0\): an exit code that means SKIP is 1"),
        (lambda: metric.ExitCodeSkip(256), r"ExitCodeSkip\(256\)"),
        (lambda: metric.ExitCodeEq(True), r"ExitCodeEq\(True\)"),
        (lambda: MetricHint("", Polarity.UNKNOWN), "MetricHint: metric name ''"),
        (lambda: MetricHint("a", target=3), "has target 3 with polarity unknown"),
        (lambda: MetricHint("a", Polarity.TARGET, math.nan), "'a': target is nan"),
    )
    def test_refused(self, make: Callable[[], object], words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            make()


if __name__ == "__main__":
    absltest.main()
