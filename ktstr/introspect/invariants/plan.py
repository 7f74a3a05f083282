# SPDX-License-Identifier: Apache-2.0
"""Which invariants can be looked at in a kernel, compiled for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.introspect.invariants.compiler import compile_predicate, watched
from ktstr.introspect.invariants.instants import CONSTANTS
from ktstr.introspect.invariants.invariant import Instant, Invariant, Version
from ktstr.introspect.invariants.layout import Layout, Windows
from ktstr.introspect.invariants.program import Program
from ktstr.model.errors import UsageError

# kernels of which the library was seen to hold in all guests of //sched/...
PROVEN: frozenset[Version] = frozenset({(6, 12)})


@dataclass(frozen=True)
class Looked:
    """One invariant at one instant of one kernel.

    function: the instant's name in this kernel.  terms: what the program's terms are.
    """

    invariant: Invariant
    instant: Instant
    function: str
    program: Program
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Lacking:
    """An invariant that cannot be looked at, and what the kernel lacks for it."""

    invariant: Invariant
    reason: str


@dataclass(frozen=True)
class Plan:
    """All that can be looked at in a kernel, and what cannot."""

    looked: tuple[Looked, ...]
    lacking: tuple[Lacking, ...] = ()


def plan(library: Sequence[Invariant], layout: Layout, version: Version) -> Plan:
    """The invariants of a version, compiled for one kernel of it."""
    ours = [each for each in library if each.is_of(version)]
    windows, lacking = Windows(), []
    whole = []
    for invariant in ours:
        try:
            places = _places(invariant, layout)
            for instant, _ in places:
                mine = Windows(dict(windows.spans))
                _watch(invariant, instant, layout, mine)
                windows = mine
        except UsageError as error:
            lacking.append(Lacking(invariant, str(error)))
        else:
            whole.append((invariant, places))
    shared: dict[str, dict[tuple[str, str], int]] = {}
    looked = [
        _compiled(invariant, instant, function, layout, windows, shared)
        for invariant, places in whole
        for instant, function in places
    ]
    return Plan(tuple(looked), tuple(lacking))


def version_of(release: str) -> Version:
    """Major and minor number of a kernel's release.

    Raises:
        UsageError: it begins with no such numbers.
    """
    found = re.match(r"(\d+)\.(\d+)", release)
    if not found:
        raise UsageError(f"kernel release {release!r} does not begin with two numbers")
    return int(found[1]), int(found[2])


def is_proven(release: str) -> bool:
    """Whether all that is looked at in a kernel of that release was seen to hold in guests."""
    return version_of(release) in PROVEN


def _places(invariant: Invariant, layout: Layout) -> list[tuple[Instant, str]]:
    """Where an invariant is looked at; a class that a kernel was built without has no functions.

    Raises:
        UsageError: the kernel has none of the functions.
    """
    places = []
    for instant in invariant.at:
        name = next((each for each in instant.functions if layout.has_symbol(each)), None)
        if name is not None:
            places.append((instant, name))
    if not places:
        functions = (each for instant in invariant.at for each in instant.functions)
        raise UsageError(f"the kernel has none of the functions {', '.join(functions)}")
    return places


def _watch(invariant: Invariant, instant: Instant, layout: Layout, windows: Windows) -> None:
    watched(
        invariant.holds,
        layout,
        windows,
        given=invariant.given,
        names={**instant.names, **invariant.names},
        constants=CONSTANTS,
    )


def _compiled(
    invariant: Invariant,
    instant: Instant,
    function: str,
    layout: Layout,
    windows: Windows,
    shared: dict[str, dict[tuple[str, str], int]],
) -> Looked:
    compiled = compile_predicate(
        invariant.holds,
        layout,
        given=invariant.given,
        names={**instant.names, **invariant.names},
        constants=CONSTANTS,
        windows=windows,
        shared=shared.setdefault(instant.name, {}),
    )
    return Looked(invariant, instant, function, compiled.program, compiled.terms)
