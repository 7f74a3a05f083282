# SPDX-License-Identifier: Apache-2.0
"""Makes a failing trial as small as it goes, while it fails by the same first cause."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ktstr.fuzz.grammar import Grammar
from ktstr.fuzz.reduce import reductions
from ktstr.fuzz.trial import Trial

# Whether each of some trials fails as the first one did.
Fails = Callable[[Sequence[Trial]], Sequence[bool]]


@dataclass(frozen=True)
class Shrunk:
    """The smallest trial that was found.

    tried: how many others were played for it.  whole: whether none of what is smaller fails; else
    there were too many to try.
    """

    trial: Trial
    tried: int
    whole: bool


def shrunk(trial: Trial, grammar: Grammar, fails: Fails, most: int, at_once: int = 1) -> Shrunk:
    """Tries what is smaller, and goes on from the first that fails, until none does.

    Of those that are tried at once the first in order counts, so that the same comes of it however
    many that are.  most: trials that are played at most.
    """
    tried: set[str] = set()
    count = 0
    while True:
        smaller = (each for each in reductions(trial, grammar) if each.digest() not in tried)
        found = None
        while found is None:
            some = list(itertools.islice(smaller, min(at_once, most - count)))
            if not some:
                return Shrunk(trial, count, whole=count < most)
            failed = list(fails(some))
            at = failed.index(True) if True in failed else len(some) - 1
            tried.update(each.digest() for each in some[: at + 1])
            count += at + 1
            if True in failed:
                found = some[at]
        trial = found
