# SPDX-License-Identifier: Apache-2.0
"""Reading profiles: one that Bazel 7.7.1 wrote, with most of its events taken out."""

import gzip
import json
from pathlib import Path
from typing import Any

from absl.testing import absltest

from ktstr.model.errors import InfraError
from tests.benchmarks.compare.profile import (
    kernel_of,
    read_profile,
    readings_of,
    test_seconds,
)

_RECORDED = Path(__file__).with_name("recorded") / "profile.json"


class ProfileTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.create_tempdir().full_path)

    def written(self, *events: dict[str, Any]) -> Path:
        path = self.folder / "profile.gz"
        path.write_bytes(gzip.compress(json.dumps({"traceEvents": events}).encode()))
        return path

    def test_what_ran(self) -> None:
        found = readings_of(read_profile(_RECORDED))
        self.assertEqual((found["templates"], found["kernels"], found["tests"]), (2, 2, 5))
        # of the second, 16.25 s were a wait for a core
        self.assertAlmostEqual(found["templates_s"], 10.092648 + 27.260790 - 16.249670)
        self.assertAlmostEqual(found["kernels_s"], 5.428187 + 503.888723)

    def test_the_kernel(self) -> None:
        self.assertAlmostEqual(kernel_of(read_profile(_RECORDED))["kernel_s"], 503.888723)

    def test_one_test(self) -> None:
        profile = read_profile(_RECORDED)
        for label, seconds in (
            ("//sched/fifo:programs_test", 30.913818),
            ("//sched/fifo:catalogue_stress_1n2l2c1t_test", 19.317700 + 15.938286),
            ("//tests/disk:at_once_test", 19.131864 - 2.811846),
        ):
            with self.subTest(label):
                self.assertAlmostEqual(test_seconds(profile, label) or 0, seconds)
        self.assertIsNone(test_seconds(profile, "//sched/fifo:programs"))

    def test_phases(self) -> None:
        self.assertAlmostEqual(
            read_profile(_RECORDED).analysis_s or 0, 2716.381903 - 0.396537, places=6
        )

    def test_nothing_that_ran_is_missing_and_not_0(self) -> None:
        profile = read_profile(self.written())
        self.assertEqual(readings_of(profile), {})
        self.assertEqual(kernel_of(profile), {})
        self.assertIsNone(profile.analysis_s)

    def test_a_wait_of_another_thread_is_none_of_the_action(self) -> None:
        action = {"ph": "X", "cat": "action processing", "name": "a", "ts": 0, "dur": 10, "tid": 1}
        wait = {**action, "cat": "action resource lock", "ts": 2, "dur": 5, "tid": 2}
        self.assertAlmostEqual(read_profile(self.written(action, wait)).actions[0].seconds, 10e-6)

    def test_no_profile(self) -> None:
        path = self.folder / "profile.gz"
        with self.assertRaisesRegex(InfraError, "cannot read the profile"):
            read_profile(path)
        for data in (b"", b"{}", b"[", b"\x1f\x8b", gzip.compress(b"{}")[:-9]):
            path.write_bytes(data)
            with self.subTest(data), self.assertRaisesRegex(InfraError, "is no profile of Bazel's"):
                read_profile(path)


if __name__ == "__main__":
    absltest.main()
