# SPDX-License-Identifier: Apache-2.0
"""The machine's shape, of what sysfs says of each part of it."""

from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.guest.system import view


class SeenViewTest(parameterized.TestCase):
    @parameterized.parameters(
        ([1024, 1024, 446], (1024, 1024, 446)), ([1024, 1024, 1024], ()), ([], ())
    )
    def test_capacities_are_told_where_they_differ(
        self, told: list[int], seen: tuple[int, ...]
    ) -> None:
        parts = {
            "seen_llcs": ["0-1", "3"],
            "seen_nodes": ["0-1,3"],
            "seen_cores": ["0", "1", "3"],
            "seen_distances": [],
            "seen_capacities": told,
        }
        mocks = {name: mock.Mock(return_value=value) for name, value in parts.items()}
        self.enter_context(mock.patch.multiple(view, **mocks))
        found = view.seen_view.__wrapped__()
        self.assertEqual((found.capacities, found.cpus), (seen, {0, 1, 3}))


if __name__ == "__main__":
    absltest.main()
