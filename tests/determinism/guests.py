# SPDX-License-Identifier: Apache-2.0
"""What guests said, a line of a file for each, so that several sessions and machines add up.

Only guests of the same inputs do: files of several machines are put together with `cat`, and a
guest that is in two of them counts once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ktstr.model.errors import UsageError


@dataclass(frozen=True)
class Guest:
    """One guest that came to its end.

    id: no other guest has it, on no machine.  inputs: digest of all that the guest was made of and
    of who looked.  target: its NAME.config.json.  start: `cold` or `cloned`.  kind: how it was
    looked into.  said: digest of all that it said.
    """

    id: str
    inputs: str
    target: str
    start: str
    kind: str
    said: str


@dataclass(frozen=True)
class Alike:
    """Guests of the same inputs: for each kind how many said what."""

    target: str
    start: str
    inputs: str
    kinds: dict[str, Counter[str]]

    @property
    def differ(self) -> bool:
        """Whether two of them said not the same."""
        return len(set[str]().union(*self.kinds.values())) > 1

    def has(self, kinds: Collection[str], count: int) -> bool:
        """Whether there are so many of each of these kinds."""
        return all(self.number(kind) >= count for kind in kinds)

    def number(self, kind: str) -> int:
        """Guests of a kind."""
        return self.kinds.get(kind, Counter()).total()

    def lines(self) -> Iterator[str]:
        """For people."""
        things = len(set[str]().union(*self.kinds.values()))
        total = sum(map(self.number, self.kinds))
        yield (
            f"{self.target}, {self.start}: {total} guests of inputs {self.inputs[:12]} said "
            f"{things} thing(s):"
        )
        for kind, found in self.kinds.items():
            yield f"  {kind}: {', '.join(f'{n} x {d[:12]}' for d, n in found.most_common())}"


def alike(guests: Iterable[Guest]) -> list[Alike]:
    """All of them, by what they were made of, in the order in which they came."""
    made: dict[tuple[str, str, str], Alike] = {}
    for guest in {each.id: each for each in guests}.values():
        key = guest.target, guest.start, guest.inputs
        group = made.setdefault(key, Alike(*key, {}))
        group.kinds.setdefault(guest.kind, Counter())[guest.said] += 1
    return list(made.values())


def lacking(
    found: Collection[Alike],
    wanted: Iterable[tuple[str, str]],
    kinds: Collection[str],
    count: int,
) -> Iterator[str]:
    """A line for each target and start that has not so many guests of each kind of one inputs."""
    for target, start in wanted:
        mine = [each for each in found if (each.target, each.start) == (target, start)]
        if any(each.has(kinds, count) for each in mine):
            continue
        # sessions of other inputs do not add up: the one that is nearest is told
        most = max(mine, key=lambda each: sum(map(each.number, kinds)), default=None)
        had = (f"{kind} {most.number(kind) if most else 0} of {count}" for kind in kinds)
        yield f"{target}, {start} lacks guests: {', '.join(had)}"


def read(path: Path) -> list[Guest]:
    """The guests of a file; none where there is no file.

    Raises:
        UsageError: a line is none of ours, or one guest stands there twice with other words.
    """
    if not path.exists():
        return []
    found: dict[str, Guest] = {}
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        guest = _guest(line)
        if guest is None or found.setdefault(guest.id, guest) != guest:
            what = "no guest" if guest is None else f"another guest {guest.id} than before"
            raise UsageError(
                f"{path}:{number} is {what}: {line[:80]!r}; take the line out, or name another "
                f"file with --record"
            )
    return list(found.values())


def append(path: Path, guest: Guest) -> None:
    """Adds a line at once, so that a session that is stopped has lost one guest at most."""
    with path.open("a") as file:
        file.write(json.dumps(asdict(guest)) + "\n")


def _guest(line: str) -> Guest | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    names = {each.name for each in fields(Guest)}
    if not isinstance(told, dict) or set(told) != names:
        return None
    return Guest(**told) if all(isinstance(each, str) and each for each in told.values()) else None
