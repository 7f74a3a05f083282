# SPDX-License-Identifier: Apache-2.0
"""The codec loses nothing, and names the place of whatever it refuses."""

import json
import typing
from dataclasses import dataclass
from enum import Enum
from typing import Any
from unittest import mock

from absl.testing import absltest, parameterized
from hypothesis import given, settings

from ktstr.model import codec
from ktstr.model.codec import decode, encode, prepare
from ktstr.model.errors import UsageError
from ktstr.model.plan import Plan
from ktstr.model.scenario.scenario import Scenario
from tests.model.strategies import plans, scenarios


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Leaf:
    number: int
    share: float = 0.0


@dataclass(frozen=True)
class Bud:
    name: str


@dataclass(frozen=True)
class Tree:
    part: Leaf | Bud
    parts: tuple[Leaf, ...]
    colour: Colour
    flag: bool
    cpus: frozenset[int]
    by_cpu: dict[int, str]
    note: str | None


TREE = Tree(Bud("b"), (Leaf(1, 2.0),), Colour.RED, True, frozenset({3, 1}), {4: "x"}, None)


def edited(**changes: Any) -> Any:
    """TREE in JSON with keys replaced; ... takes a key away."""
    data = {**encode(TREE), **changes}
    return {key: value for key, value in data.items() if value is not ...}


class CodecTest(parameterized.TestCase):
    def test_every_shape_round_trips_through_json(self) -> None:
        text = json.dumps(encode(TREE))
        self.assertEqual(decode(Tree, json.loads(text)), TREE)

    @given(scenarios())
    def test_scenarios_round_trip(self, scenario: Scenario) -> None:
        self.assertEqual(decode(Scenario, json.loads(json.dumps(encode(scenario)))), scenario)

    @given(plans())
    def test_plans_round_trip_to_the_same_text(self, plan: Plan) -> None:
        again = Plan.from_json(plan.to_json())
        self.assertEqual(again, plan)
        self.assertEqual(again.to_json(), plan.to_json())
        self.assertEqual(again.digest(), plan.digest())

    @settings(max_examples=10)
    @given(plans())
    def test_a_prepared_record_resolves_nothing_when_it_is_decoded(self, plan: Plan) -> None:
        codec._hints.cache_clear()
        prepare(Plan)
        with mock.patch.object(typing, "get_type_hints", side_effect=AssertionError):
            self.assertEqual(Plan.from_json(plan.to_json()), plan)

    def test_sets_travel_sorted(self) -> None:
        self.assertEqual(encode(TREE)["cpus"], [1, 3])

    def test_a_whole_number_is_a_float_where_one_is_wanted(self) -> None:
        leaf = decode(Leaf, {"number": 1, "share": 2})
        self.assertIsInstance(leaf.share, float)

    @parameterized.named_parameters(
        ("missing", {"note": ...}, "Tree: key 'note' is missing"),
        ("unknown", {"more": 1}, "Tree: unknown keys more"),
        ("kind", {"@kind": "Bush"}, "Tree: kind 'Bush' where Tree is expected"),
        ("union", {"part": {"@kind": "Root"}}, "Tree.part: kind 'Root' is none of Leaf, Bud"),
        ("no_object", {"part": 3}, "Tree.part: kind None is none of Leaf, Bud"),
        ("deep", {"parts": [{"number": "1", "share": 0.0}]}, r"Tree.parts\[0\].number: int expect"),
        ("no_list", {"parts": 5}, "Tree.parts: list expected, int found"),
        ("enum", {"colour": "blue"}, "Tree.colour: 'blue' is not a valid Colour"),
        ("bool_for_int", {"cpus": [True]}, r"Tree.cpus\[0\]: int expected, bool found"),
        ("int_for_bool", {"flag": 1}, "Tree.flag: bool expected, int found"),
        ("dict_key", {"by_cpu": {"x": "y"}}, "Tree.by_cpu: key 'x' is no whole number"),
        ("optional", {"note": 7}, "Tree.note: str expected, int found"),
        ("null", {"colour": None}, "Tree.colour: None is not a valid Colour"),
    )
    def test_a_difference_is_refused_by_its_place(
        self, changes: dict[str, Any], message: str
    ) -> None:
        with self.assertRaisesRegex(UsageError, message):
            decode(Tree, edited(**changes))

    def test_what_is_no_object_is_refused(self) -> None:
        with self.assertRaisesRegex(UsageError, "Tree: dict expected, list found"):
            decode(Tree, [])


if __name__ == "__main__":
    absltest.main()
