# SPDX-License-Identifier: Apache-2.0
"""The worker's histogram and the model's put every value into the same bucket."""

from __future__ import annotations

import subprocess

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.model.histogram import bucket_bounds, bucket_of
from tests.worker.program import program

_BORDERS = [
    value
    for power in range(64)
    for value in ((1 << power) - 1, 1 << power, (1 << power) + 1)
    if 0 <= value < 1 << 64
]


def _buckets_in_c(values: list[int]) -> list[int]:
    text = "\n".join(map(str, values))
    probe = subprocess.run(
        [program("tests/worker/histogram_probe")],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in probe.stdout.split()]


class HistogramTest(absltest.TestCase):
    def test_borders_of_powers_of_two(self) -> None:
        self.assertEqual(_buckets_in_c(_BORDERS), [bucket_of(value) for value in _BORDERS])

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.integers(0, (1 << 64) - 1), min_size=1, max_size=200))
    def test_any_values(self, values: list[int]) -> None:
        found = _buckets_in_c(values)
        self.assertEqual(found, [bucket_of(value) for value in values])
        for value, bucket in zip(values, found, strict=True):
            low, high = bucket_bounds(bucket)
            self.assertBetween(value, low, high)


if __name__ == "__main__":
    absltest.main()
