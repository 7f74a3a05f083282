# SPDX-License-Identifier: Apache-2.0
"""Costs of calls: by rank, without a bucket."""

from absl.testing import absltest, parameterized

from ktstr.introspect.costs.costs import Cost, costs_of


class CostsTest(parameterized.TestCase):
    @parameterized.parameters(
        ((5,), 50, 5),
        ((1, 2), 50, 1),
        ((1, 2, 3), 50, 2),
        (tuple(range(1, 101)), 99, 99),
        (tuple(range(1, 102)), 99, 100),
        ((7, 9), 99, 9),
    )
    def test_a_percentile_is_a_number_that_there_was(
        self, counted: tuple[int, ...], hundredths: int, value: int
    ) -> None:
        self.assertEqual(Cost("op.enqueue", counted).percentile(hundredths), value)

    def test_who_was_never_called_has_none(self) -> None:
        (cost,) = costs_of({"op.tick": [], "op.enqueue": [9, 3]})
        self.assertEqual(cost, Cost("op.enqueue", (3, 9)))
        self.assertEqual((cost.count, cost.total, cost.maximum), (2, 12, 9))


if __name__ == "__main__":
    absltest.main()
