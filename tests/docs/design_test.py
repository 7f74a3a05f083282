# SPDX-License-Identifier: Apache-2.0
"""docs/design.md draws the folders and the arrows that there are."""

import pathlib
import re
from collections.abc import Iterator

from absl.testing import absltest

from tests.docs.sources import sources
from tools.lint.rooms import ROOMS

# a line of the tree: how far it stands right, the folder, what is in it
_FOLDER = re.compile(r"^( +)(\w+)/ +(.+)$", re.MULTILINE)
_HOUSES = ("ktstr", "rules", "tools", "tests")
# The line of a folder whose folders are not drawn says so: they stand elsewhere, or are too many.
_COVERS = ("in rooms of its own", "by subsystem")


class DesignTest(absltest.TestCase):
    def test_the_tree_has_the_folders_that_there_are(self) -> None:
        root = sources()
        drawn = dict(_tree(_part("The tree")))
        covering = [path for path, text in drawn.items() if any(each in text for each in _COVERS)]
        there = {
            str(path.parent.relative_to(root))
            for house in _HOUSES
            for path in (root / house).rglob("*")
            if path.is_file()
        }
        folders = {str(each) for path in there for each in (pathlib.Path(path), *_above(path))}
        self.assertEmpty([path for path in drawn if not (root / path).is_dir()], "drawn, not there")
        missing = [
            path
            for path in sorted(folders - set(drawn))
            if not any(path.startswith(f"{each}/") for each in covering)
        ]
        self.assertEmpty(missing, "there, and not drawn")

    def test_the_arrows_are_those_that_the_lint_holds(self) -> None:
        self.assertEqual(_rooms(_part("The arrows")), ROOMS["ktstr"])

    def test_the_judges_rooms_are_those_that_the_lint_holds(self) -> None:
        self.assertEqual(_rooms(_part("Judging")), ROOMS["ktstr.judge"])


def _part(heading: str) -> str:
    page = (sources() / "docs/design.md").read_text(encoding="utf-8")
    return page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def _tree(text: str) -> Iterator[tuple[str, str]]:
    """Path and line of each folder that is drawn."""
    above: list[tuple[int, str]] = []
    for indent, name, line in _FOLDER.findall(text):
        while above and above[-1][0] >= len(indent):
            above.pop()
        path = f"{above[-1][1]}/{name}" if above else name
        above.append((len(indent), path))
        yield path, line


def _above(path: str) -> list[pathlib.Path]:
    return [each for each in pathlib.Path(path).parents if each != pathlib.Path()]


def _rooms(text: str) -> dict[str, tuple[str, ...]]:
    """Each room of a table with those that it may import, its last cell, named as in Python."""
    rows = [line.strip("|").split("|") for line in text.split("\n") if line.startswith("| `")]
    return {_names(room)[0]: _names(rest[-1]) for room, *rest in rows}


def _names(cell: str) -> tuple[str, ...]:
    return tuple(each.replace("/", ".") for each in re.findall(r"`([\w/]+)`", cell))


if __name__ == "__main__":
    absltest.main()
