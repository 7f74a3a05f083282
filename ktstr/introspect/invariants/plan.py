# SPDX-License-Identifier: Apache-2.0
"""Which invariants can be looked at in a kernel, compiled for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ktstr.introspect.invariants.compiler import compile_predicate, watched
from ktstr.introspect.invariants.instants import CONSTANTS
from ktstr.introspect.invariants.invariant import Instant, Invariant, Version
from ktstr.introspect.invariants.layout import Layout, Remembered, Windows
from ktstr.introspect.invariants.options import not_built
from ktstr.introspect.invariants.program import Program
from ktstr.model.errors import UsageError

# kernels of which the library was seen to hold, in the guests that docs/limits.md names
PROVEN: frozenset[Version] = frozenset({(6, 12), (7, 2), (7, 3)})


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
    """An invariant that cannot be looked at, and what the kernel lacks for it.

    option: that it was built without, so that there is nothing that the invariant speaks of; empty
    where that is not why.
    """

    invariant: Invariant
    reason: str
    option: str = ""


@dataclass(frozen=True)
class Plan:
    """All that can be looked at in a kernel, and what cannot."""

    looked: tuple[Looked, ...]
    lacking: tuple[Lacking, ...] = ()


def plan(library: Sequence[Invariant], layout: Layout, version: Version) -> Plan:
    """The invariants of a version, compiled for one kernel of it."""
    compiler, lacking, whole = _Compiler(Remembered(layout)), [], []
    for invariant in library:
        if not invariant.is_of(version):
            continue
        try:
            places = _places(invariant, layout)
            compiler.watch(invariant, [instant for instant, _ in places])
        except UsageError as error:
            lacking.append(Lacking(invariant, str(error), not_built(invariant, layout)))
        else:
            whole.append((invariant, places))
    looked = [
        Looked(invariant, instant, function, *compiler.compiled(invariant, instant))
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
        UsageError: the kernel has none of the functions, or inlined what all of them need.
    """
    places, inlined = [], {}
    for instant in invariant.at:
        name = next((each for each in instant.functions if layout.has_symbol(each)), None)
        if name is None:
            continue
        if instant.needs and not layout.has_symbol(instant.needs):
            inlined[instant.needs] = name
        else:
            places.append((instant, name))
    if not places and inlined:
        needed, name = next(iter(inlined.items()))
        raise UsageError(f"the kernel has no function {needed}, which {name} must end with")
    if not places:
        functions = (each for instant in invariant.at for each in instant.functions)
        raise UsageError(f"the kernel has none of the functions {', '.join(functions)}")
    return places


@dataclass
class _Compiler:
    """Compiles once for all instants that have the same names, as the ticks of all classes do."""

    layout: Layout
    windows: Windows = field(default_factory=Windows)
    _shared: dict[_Names, dict[tuple[str, str], int]] = field(default_factory=dict)
    _done: dict[tuple[Invariant, _Names], tuple[Program, tuple[str, ...]]] = field(
        default_factory=dict
    )

    def watch(self, invariant: Invariant, instants: Sequence[Instant]) -> None:
        """Adds what is looked at of each struct.

        Raises:
            UsageError: the kernel lacks some of it; then nothing is added.
        """
        mine = Windows(dict(self.windows.spans))
        for names in dict.fromkeys(_names(invariant, instant) for instant in instants):
            watched(
                invariant.holds,
                self.layout,
                mine,
                given=invariant.given,
                names=dict(names),
                constants=CONSTANTS,
            )
        self.windows = mine

    def compiled(self, invariant: Invariant, instant: Instant) -> tuple[Program, tuple[str, ...]]:
        names = _names(invariant, instant)
        if (invariant, names) not in self._done:
            compiled = compile_predicate(
                invariant.holds,
                self.layout,
                given=invariant.given,
                names=dict(names),
                constants=CONSTANTS,
                windows=self.windows,
                shared=self._shared.setdefault(tuple(instant.names.items()), {}),
            )
            self._done[invariant, names] = compiled.program, compiled.terms
        return self._done[invariant, names]


# names and their expressions, in their order
_Names = tuple[tuple[str, str], ...]


def _names(invariant: Invariant, instant: Instant) -> _Names:
    return tuple({**instant.names, **invariant.names}.items())
