# SPDX-License-Identifier: Apache-2.0
"""What a test may ask of a payload, and what is refused before anything is run."""

from __future__ import annotations

from typing import Any

from absl.testing import absltest, parameterized

from ktstr import metric
from ktstr.model.errors import UsageError
from ktstr.model.payload import Payload
from ktstr.model.payload_run import check_timeout, compose_run, payload_cgroup

_PAYLOAD = Payload(
    "fio",
    "/payloads/fio/bin/fio",
    default_args=("--json",),
    default_checks=(metric.ExitCodeEq(0),),
)


class ComposeTest(parameterized.TestCase):
    def test_defaults_come_first(self) -> None:
        run = compose_run(_PAYLOAD, ("-n", ""), (metric.Exists("a"),), "/cg_0/b", 2)
        self.assertEqual(run.args, ("--json", "-n", ""))
        self.assertEqual(run.checks, (metric.ExitCodeEq(0), metric.Exists("a")))
        self.assertEqual((run.cgroup, run.timeout_s), ("cg_0/b", 2))

    def test_defaults_can_be_left_out(self) -> None:
        run = compose_run(_PAYLOAD, ("-n",), clear_args=True, clear_checks=True)
        self.assertEqual((run.args, run.checks), (("-n",), ()))

    @parameterized.named_parameters(
        ("one text", {"args": "--rw=read"}, "args are the text '--rw=read'; write"),
        ("a number", {"args": (4,)}, "argument 4 is int, no text"),
        ("a list", {"args": (["-n"],)}, "argument .* is list, no text"),
        ("nothing", {"args": None}, "args are None"),
        ("NUL", {"args": ("a\0b",)}, "holds a NUL"),
        ("no UTF-8", {"args": ("\ud800",)}, r"'\\ud800' cannot be written as UTF-8"),
        ("one check", {"checks": metric.Exists("a")}, r"checks are Exists\(metric='a'\); .*tuple"),
        ("a list of checks", {"checks": ([metric.Exists("a")],)}, r"check \[Exists.* is no check"),
        ("a kind of check", {"checks": (metric.Min,)}, "check <class .* is no check of ktstr.met"),
        ("a metric's name", {"checks": ("jobs.0.iops",)}, "check 'jobs.0.iops' is no check"),
        ("a number for a cgroup", {"cgroup": 1}, "cgroup name 1 is int"),
        ("a text for a time", {"timeout": "5"}, "timeout is '5'; it must be"),
        ("yes for a time", {"timeout": True}, "timeout is True; it must be"),
        ("no time", {"timeout": 0.0}, "timeout is 0.0"),
        ("all time", {"timeout": float("inf")}, "timeout is inf"),
        (
            "longer than a clock can tell",
            {"timeout": 1e10},
            "timeout is 10000000000.0; .* at most 1e",
        ),
        ("beyond all time", {"timeout": 10**400}, "timeout is 10+; it must be"),
    )
    def test_refused(self, asked: dict[str, Any], words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            compose_run(_PAYLOAD, **asked)


class CgroupTest(parameterized.TestCase):
    @parameterized.parameters(("cg_0", "cg_0"), ("/a/b", "a/b"), ("//a", "a"), (None, None))
    def test_taken(self, name: str | None, cgroup: str | None) -> None:
        self.assertEqual(payload_cgroup(name), cgroup)

    @parameterized.parameters("", "/", "a/", "a//b", "..", "a/../b", "./a", "a\0", "a\nb")
    def test_refused(self, name: str) -> None:
        with self.assertRaisesRegex(UsageError, "cgroup name"):
            payload_cgroup(name)


class TimeoutTest(absltest.TestCase):
    def test_a_wait_without_a_time_is_refused(self) -> None:
        nothing: Any = None
        with self.assertRaisesRegex(UsageError, "timeout is None"):
            check_timeout(nothing)


if __name__ == "__main__":
    absltest.main()
