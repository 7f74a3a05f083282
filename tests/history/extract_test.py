# SPDX-License-Identifier: Apache-2.0
"""What is taken out of a result: each figure under a name of its own."""

from __future__ import annotations

import math

from absl.testing import absltest

from ktstr.history.entry import Entry
from ktstr.history.extract import entry_of
from ktstr.history.figures import keys_of
from ktstr.result import result_pb2
from ktstr.result.write import to_bytes
from tests.support.saved_results import made


def _entry(result: result_pb2.Result) -> Entry:
    return entry_of(to_bytes(result), b"digest", "a place")


class ExtractTest(absltest.TestCase):
    def test_the_root_cgroup_is_not_all_workers(self) -> None:
        result = made("one")
        result.figures.add(name="iterations", value=1.0, polarity="higher_better", cgroup="")
        result.figures.add(name="iterations", value=2.0, polarity="higher_better")
        keys = keys_of(_entry(result).facts.names)
        self.assertLen(keys, 5)
        self.assertLen(set(keys), 5)
        self.assertEqual([key.subject for key in keys[3:]], ["/", ""])

    def test_what_has_no_square_is_no_figure(self) -> None:
        for value, kept in ((1e150, 3), (-1e151, 2), (math.inf, 2), (math.nan, 2)):
            names = _entry(made("one", figures={"iterations": value})).facts.names
            self.assertLen(keys_of(names), kept)


if __name__ == "__main__":
    absltest.main()
