# SPDX-License-Identifier: Apache-2.0
"""What a guest saw of its topology compares with what was asked for, whatever order it has."""

from absl.testing import absltest, parameterized

from ktstr.judge.workers.views import asked_view, seen_view, seen_words
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


class SeenWordsTest(parameterized.TestCase):
    @parameterized.parameters(
        ("1n2l1c1t-bl", (1024, 446), "1n2l1c1t-bl"),
        ("1n2l1c1t-bb", (1024, 1024), "1n2l1c1t-bb"),
        ("1n2l1c1t-bl", (1024, 1024), "1n2l1c1t-bb"),
        ("1n2l1c1t-bl", (1024, 500), "1n2l1c1t-b?"),
        ("1n2l1c1t-bl", (), "1n2l1c1t"),
        ("1n2l1c1t-bl", (1024,), "1n2l1c1t"),
        ("1n2l1c1t", (1024, 1024), "1n2l1c1t"),
        ("1n2l1c1t", (1024, 446), "1n2l1c1t-bl"),
    )
    def test_classes_stand_where_they_were_asked_for_or_differ(
        self, asked: str, capacities: tuple[int, ...], words: str
    ) -> None:
        plan = runs.plan(topology=asked)
        hello = runs.hello(plan, llcs=("0", "1"), capacities=capacities)
        self.assertEqual(seen_words(plan, hello), words)

    def test_an_llc_of_two_classes_has_none(self) -> None:
        plan = runs.plan(topology="1n1l2c1t-b")
        hello = runs.hello(plan, capacities=(1024, 446))
        self.assertEqual(seen_words(plan, hello), "1n1l2c1t-?")

    def test_an_uneven_machine_has_no_letters(self) -> None:
        plan = runs.plan(topology="1n2l1c1t-bl")
        hello = runs.hello(plan, llcs=("0", "1-2"), cores=("0", "1", "2"), nodes=("0-2",))
        self.assertStartsWith(seen_words(plan, hello), "uneven: 1 nodes, 2 LLCs")


if __name__ == "__main__":
    absltest.main()
