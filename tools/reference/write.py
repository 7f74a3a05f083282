# SPDX-License-Identifier: Apache-2.0
"""Pages of docs/reference, out of docstrings: write.py [--write] NAME=DESCRIPTION...

Says which pages are stale, and fails if there are any; with --write it replaces them in the
workspace that `bazel run` was called in.  The descriptions are the runfiles paths of what
`starlark_doc_extract` wrote of public .bzl files, in the order of the page.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from runfiles import Runfiles

from tools.reference import python_pages, rules_page
from tools.reference.rules_page import PassedOn, Source, parse

FOLDER = "docs/reference"
UPDATE = "tools/bazel run //docs:reference -- --write"

# The rule that takes a macro's `**kwargs`: NAME_RULE, in a description of this name; and which of
# its attributes the macro makes of its own arguments.
_INNER = {
    "disk_template": ("disk_template", ("disk_size",)),
    "kernel_image": ("image", ()),
    "payload": ("payload", ("any_flag", "default_args")),
    "ktstr_test": ("test", ("disk_templates",)),
}
# Any file of the repository that is always among the sources.
_ANCHOR = "lint_sources/src/ktstr/__init__.py"


def main(arguments: list[str]) -> int:
    """Returns 1 where pages are stale that are not replaced."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help=f"replace what is in {FOLDER}")
    parser.add_argument("descriptions", nargs="+", metavar="NAME=DESCRIPTION")
    options = parser.parse_args(arguments)
    made = pages(options.descriptions)
    if options.write:
        folder = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"], FOLDER)
        for name in stale(folder, made):
            _replace(folder / name, made.get(name))
            print(f"{FOLDER}/{name}")
        return 0
    found = list(stale(sources() / FOLDER, made))
    for name in found:
        print(f"{FOLDER}/{name} is stale; update it: {UPDATE}")
    return int(bool(found))


def pages(descriptions: Iterable[str]) -> dict[str, str]:
    """File name -> page, of all there are."""
    read, passed_on = modules(descriptions)
    return {
        "rules.md": rules_page.render(read, passed_on),
        **python_pages.render(python_pages.load(sources())),
    }


def modules(descriptions: Iterable[str]) -> tuple[list[Source], PassedOn]:
    """Public .bzl files, and what macros pass on, of arguments `NAME=DESCRIPTION`."""
    read = {}
    for description in descriptions:
        name, _, path = description.partition("=")
        read[name] = parse(_located(path).read_text(encoding="utf-8"))
    passed_on = {}
    for macro, (name, made) in _INNER.items():
        wanted = f"{macro.upper()}_RULE"
        (rule,) = (each for each in read.pop(name).rule_info if each.rule_name == wanted)
        passed_on[macro] = [each for each in rule.attribute if each.name not in made]
    return [Source(f"{name}.bzl", module) for name, module in read.items()], passed_on


def stale(folder: Path, made: dict[str, str]) -> Iterator[str]:
    """The names of pages that are other, missing, or too many in `folder`."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    yield from (name for name in sorted({*there, *made}) if there.get(name) != made.get(name))


def sources() -> Path:
    """The repository's sources among the runfiles."""
    return _located(_ANCHOR).parent.parent


def _located(path: str) -> Path:
    runfiles = Runfiles.Create()
    found = runfiles.Rlocation(path) if runfiles is not None else None
    if found is None:
        raise RuntimeError(f"{path} is not among the runfiles; start this with: {UPDATE}")
    return Path(found)


def _replace(path: Path, text: str | None) -> None:
    path.parent.mkdir(exist_ok=True)
    if text is None:
        path.unlink()
    else:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
