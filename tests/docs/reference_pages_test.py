# SPDX-License-Identifier: Apache-2.0
"""Pages of the reference, of small modules: what they show, and what they miss."""

import pathlib
import textwrap

from absl.testing import absltest

from tools.reference import markdown, python_pages, rules_page, write

_MODULE = """
module_docstring: "What is tested."
rule_info {
  rule_name: "image"
  doc_string: "An image."
  attribute { name: "name" type: NAME mandatory: true doc_string: "A name." }
  attribute {
    name: "parts" type: LABEL_LIST default_value: "[]" doc_string: "These\\nor | those."
    provider_name_group { provider_name: "AInfo" origin_key { name: "AInfo" } }
    provider_name_group { provider_name: "BInfo" }
  }
  attribute { name: "size" type: INT mandatory: true }
}
func_info {
  function_name: "made"
  doc_string: "Makes one."
  parameter { name: "name" mandatory: true doc_string: "of the target." }
  parameter { name: "kwargs" doc_string: "the rest." }
}
func_info {
  function_name: "part"
  doc_string: "A part."
  parameter { name: "name" default_value: "None" doc_string: "of the part." }
  return { doc_string: "an item\\nof parts." }
}
"""

_PACKAGE = {
    "__init__.py": "",
    "language.py": """
        from ktstr import metric
        from ktstr import more
        from ktstr.data import LEAST, Colour, Point, begin, it
        from ktstr.more import *
        __all__ = ["LEAST", "Colour", "Point", "begin", "it", "metric"]
        __all__ += more.__all__
    """,
    "metric.py": "__all__ = []",
    "more.py": '''
        """More."""
        __all__ = ["added"]
        def added() -> None:
            """Added."""
    ''',
    "scenarios.py": "__all__ = []",
    "data.py": '''
        """Data.  And more.

        Lengths are in cm.
        """
        from dataclasses import dataclass, field
        from enum import StrEnum
        from typing import ClassVar

        LEAST = 3
        """The least."""

        class Colour(StrEnum):
            """A colour."""
            RED = "red"

        @dataclass(frozen=True)
        class Base:
            """A base."""
            x: int

        @dataclass(frozen=True)
        class Point(Base):
            """A point.

            y: its height, which is
                a length.
            colour: what it looks like.
            """
            y: int = 2
            colour: Colour = Colour.RED
            parts: list[int] = field(default_factory=list)
            kind: ClassVar[str] = "point"
            _hidden: int = 0

            def moved(self, *, by: int = 1) -> "Point":
                """The same elsewhere.

                Raises:
                    ValueError: too
                        far.
                """

            def bare(self): ...

        class It(Relations[int]):
            """Relations."""

        class Relations(Generic[T]):
            def less(self) -> int:
                """Less."""

        it = It()
        """All."""

        def begin(one: int, *rest: int, **named: str) -> Point:
            """Begins.

            @begin
            def one(): ...
            """
    ''',
    "guest/__init__.py": "",
    "guest/deep/__init__.py": "",
    "guest/deep/context.py": '''
        from ktstr.data import Point
        from ktstr.guest.deep.handle import Handle

        class Context:
            """The guest."""
            @property
            def handle(self) -> Handle | None:
                """A handle."""

            def point(self) -> Point:
                """A point."""

        class WorkContext:
            """The worker."""
    ''',
    "guest/deep/handle.py": '''
        class Handle:
            """Holds."""
    ''',
}


class RulesPageTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.module = rules_page.parse(_MODULE)
        self.source = rules_page.Source("a.bzl", self.module)
        self.image = self.module.rule_info[0]

    def test_a_rule_shows_its_attributes(self) -> None:
        page = rules_page.render([self.source], {})
        self.assertIn(
            "| `parts` | label list of AInfo or BInfo | `[]` | These or \\| those. |\n"
            "| `size` | int | mandatory |  |\n",
            page,
        )

    def test_a_macro_is_none_that_returns_something(self) -> None:
        page = rules_page.render([self.source], {})
        self.assertIn("### made\n\nA macro.\n\nMakes one.", page)
        self.assertIn("### part\n\nA function.\n\nA part.", page)
        self.assertIn("Returns: an item of parts.", page)
        self.assertIn("| `**kwargs` |  | the rest. |", page)

    def test_a_macro_shows_what_it_passes_on(self) -> None:
        page = rules_page.render([self.source], {"made": self.image.attribute})
        self.assertEqual(page.count("| `size` | int |"), 2)
        self.assertNotIn("| `name` | name |", page)

    def test_what_has_no_docstring_is_found(self) -> None:
        found = list(rules_page.undocumented([self.source], {"made": self.image.attribute}))
        self.assertEqual(found, ["a.bzl: image.size", "made: size"])


class PythonPagesTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        root = pathlib.Path(self.create_tempdir().full_path)
        for name, text in _PACKAGE.items():
            path = root / "ktstr" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        self.package = python_pages.load(root)
        self.pages = python_pages.render(self.package)

    def test_a_dataclass_shows_the_fields_that_make_it(self) -> None:
        self.assertIn(
            "class Point(x: int, y: int = 2, colour: Colour = Colour.RED, parts: list[int] = ...)",
            self.pages["python.md"],
        )

    def test_docstrings_become_lists_and_code(self) -> None:
        page = self.pages["python.md"]
        self.assertIn(
            "- `y`: its height, which is a length.\n- `colour`: what it looks like.\n", page
        )
        self.assertIn("Raises:\n\n- `ValueError`: too far.\n", page)
        self.assertIn("```python\n@begin\ndef one(): ...\n```", page)
        self.assertIn("## Data. And more\n", page)

    def test_names_that_another_module_adds_are_there(self) -> None:
        self.assertIn("### added\n", self.pages["python.md"])

    def test_signatures_are_as_written(self) -> None:
        page = self.pages["python.md"]
        self.assertIn("begin(one: int, *rest: int, **named: str) -> Point", page)
        self.assertIn("moved(*, by: int = 1) -> Point", page)
        self.assertIn("| `RED` | `'red'` |", page)
        self.assertIn("\nLEAST = 3\n", page)

    def test_the_class_of_a_public_object_is_shown(self) -> None:
        page = self.pages["python.md"]
        self.assertIn("| `less() -> int` | Less. |", page)
        self.assertIn("[`It`](#it-1)", page)
        self.assertIn("[`it`](#it)", page)

    def test_what_the_guest_gives_is_found_wherever_it_is(self) -> None:
        page = self.pages["python-guest.md"]
        self.assertIn("### Handle", page)
        self.assertIn("### WorkContext", page)
        self.assertNotIn("### Point", page)

    def test_what_has_no_docstring_is_found(self) -> None:
        self.assertEqual(list(python_pages.undocumented(self.package)), ["Point.bare"])


class WriteTest(absltest.TestCase):
    def test_other_missing_and_surplus_pages_are_stale(self) -> None:
        folder = pathlib.Path(self.create_tempdir().full_path)
        for name in ("same.md", "other.md", "old.md"):
            (folder / name).write_text("text\n", encoding="utf-8")
        made = {"same.md": "text\n", "other.md": "new\n", "missing.md": "text\n"}
        self.assertEqual(list(write.stale(folder, made)), ["missing.md", "old.md", "other.md"])

    def test_an_anchor_has_no_punctuation(self) -> None:
        self.assertEqual(markdown.anchor("scenarios.split_half now"), "scenariossplit_half-now")


if __name__ == "__main__":
    absltest.main()
