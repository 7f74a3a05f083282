# SPDX-License-Identifier: Apache-2.0
"""A target's Python files: where they are on this machine and what they are called in the guest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.execute.source import Source
from ktstr.machine.target import Target
from ktstr.model.errors import UsageError
from ktstr.runner.files import RunfilesTree


@dataclass(frozen=True)
class Sources:
    """`tests` hold the test functions, `all` adds what they import; `roots` are host directories
    that imports begin at."""

    tests: tuple[Source, ...]
    all: tuple[Source, ...]
    roots: tuple[str, ...]


def sources_of(target: Target, tree: RunfilesTree) -> Sources:
    """Finds the files of a target.

    In the guest all of them lie below one directory, each at its path below the longest import
    root that holds it, so that the same imports work there.  Test files keep their path in the
    repository: it is their name in messages.

    Raises:
        UsageError: two files would have one path in the guest.
        InfraError: a runfile is missing.
    """
    tests = [Source(str(tree.path(name)), name.partition("/")[2]) for name in target.sources]
    libraries = [
        Source(str(tree.path(name)), _below(name, target.import_roots)) for name in target.libraries
    ]
    taken: dict[str, Source] = {}
    for source in (*tests, *libraries):
        other = taken.setdefault(source.name, source)
        if other.path != source.path:
            raise UsageError(
                f"{target.label}: {other.path} and {source.path} are both imported as "
                f"{source.name}; rename one, or change the `imports` of its py_library"
            )
    roots = tuple(str(tree.directory(name)) for name in target.import_roots)
    return Sources(tuple(tests), tuple(taken.values()), roots)


def _below(name: str, roots: Sequence[str]) -> str:
    holding = [root for root in roots if name.startswith(f"{root}/")]
    return name.removeprefix(max(holding, key=len, default="") + "/")
