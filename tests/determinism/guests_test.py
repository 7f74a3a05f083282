# SPDX-License-Identifier: Apache-2.0
"""Sessions add up where their guests are of the same inputs, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.model.errors import UsageError
from tests.determinism.guests import Guest, alike, append, lacking, read

_ONE = Guest("1", "inputs", "a.config.json", "cold", "off", "digest")
_KINDS = ("off", "all")


def _of(*kinds: str, **others: str) -> list[Guest]:
    """A guest of each of these kinds."""
    return [
        replace(_ONE, id=f"{others}{number}", kind=kind, **others)
        for number, kind in enumerate(kinds)
    ]


class GuestsTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = Path(self.create_tempdir().full_path) / "guests.jsonl"

    def test_what_is_appended_is_read_again(self) -> None:
        self.assertEqual(read(self.path), [])
        guests = _of("off", "all")
        for guest in guests:
            append(self.path, guest)
        self.assertEqual(read(self.path), guests)

    def test_a_guest_that_two_files_have_counts_once(self) -> None:
        append(self.path, _ONE)
        self.path.write_text(self.path.read_text() * 2)
        (group,) = alike(read(self.path))
        self.assertEqual(group.number("off"), 1)

    @parameterized.parameters(
        ("{}",),
        ("no json",),
        ("[1]",),
        ('{"id": "1", "inputs": "a"',),
        ('{"id": "2", "inputs": "", "target": "a", "start": "b", "kind": "c", "said": "d"}',),
        ('{"id": 2, "inputs": "i", "target": "a", "start": "b", "kind": "c", "said": "d"}',),
        ('{"id": "1", "inputs": "i", "target": "a", "start": "b", "kind": "c", "said": "d"}',),
    )
    def test_a_line_that_is_none_is_named(self, line: str) -> None:
        append(self.path, _ONE)
        with self.path.open("a") as file:
            file.write(f"{line}\n")
        with self.assertRaisesRegex(UsageError, r"guests.jsonl:2 is (no|another) guest"):
            read(self.path)

    def test_sessions_of_the_same_inputs_add_up(self) -> None:
        first, second = _of("off", "off", "all"), _of("all", "all")
        second = [replace(each, id=f"other {each.id}") for each in second]
        (group,) = alike([*first, *second])
        self.assertEqual((group.number("off"), group.number("all")), (2, 3))
        self.assertFalse(group.differ)
        self.assertEqual(
            list(group.lines()),
            [
                "a.config.json, cold: 5 guests of inputs inputs said 1 thing(s):",
                "  off: 2 x digest",
                "  all: 3 x digest",
            ],
        )

    def test_sessions_of_other_inputs_do_not(self) -> None:
        found = alike([*_of("off", "all"), *_of("off", "all", inputs="newer", said="other")])
        self.assertEqual([each.number("off") for each in found], [1, 1])
        self.assertFalse(any(each.differ for each in found))
        wanted = [("a.config.json", "cold")]
        self.assertEmpty(list(lacking(found, wanted, _KINDS, 1)))
        self.assertEqual(
            list(lacking(found, wanted, _KINDS, 2)),
            ["a.config.json, cold lacks guests: off 1 of 2, all 1 of 2"],
        )

    def test_kinds_are_held_against_each_other_over_sessions(self) -> None:
        (group,) = alike([*_of("off"), *_of("all", said="other")])
        self.assertTrue(group.differ)

    def test_cold_and_cloned_guests_are_apart(self) -> None:
        found = alike([*_of("off", "all"), *_of("off", "all", start="cloned", said="other")])
        self.assertFalse(any(each.differ for each in found))
        self.assertEqual(
            list(lacking(found, [("b.config.json", "cold")], _KINDS, 5)),
            ["b.config.json, cold lacks guests: off 0 of 5, all 0 of 5"],
        )


if __name__ == "__main__":
    absltest.main()
