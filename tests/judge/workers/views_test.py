# SPDX-License-Identifier: Apache-2.0
"""What a guest saw of its topology compares with what was asked for, whatever order it has."""

from absl.testing import absltest

from ktstr.judge.workers.views import asked_view, seen_view
from ktstr.model.errors import UsageError
from tests.support import runs


class ViewsTest(absltest.TestCase):
    def test_what_was_asked_for_is_seen(self) -> None:
        plan = runs.plan()
        seen = seen_view(runs.hello(plan))
        asked = asked_view(plan)
        self.assertEqual(
            (seen.llcs, seen.nodes, seen.cores), (asked.llcs, asked.nodes, asked.cores)
        )

    def test_llcs_and_cores_have_no_order_of_their_own(self) -> None:
        hello = runs.hello(runs.plan(), llcs=("10-11", "2-3"), cores=("10", "3", "2", "11"))
        seen = seen_view(hello)
        self.assertEqual(seen.llcs, (frozenset({2, 3}), frozenset({10, 11})))
        self.assertEqual([min(core) for core in seen.cores], [2, 3, 10, 11])

    def test_nodes_keep_theirs(self) -> None:
        seen = seen_view(runs.hello(runs.plan(), nodes=("2-3", "0-1")))
        self.assertEqual(seen.nodes, (frozenset({2, 3}), frozenset({0, 1})))

    def test_a_malformed_list_is_refused(self) -> None:
        with self.assertRaises(UsageError):
            seen_view(runs.hello(runs.plan(), llcs=("0-",)))


if __name__ == "__main__":
    absltest.main()
