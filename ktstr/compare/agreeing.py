# SPDX-License-Identifier: Apache-2.0
"""What many tests in virtual time agree on, apart from what another schedule does by itself.

The least change of a scheduler gives another schedule, and with that each figure of a test goes up
or down, often by a lot. Had the change done nothing else, either way would be as likely in each
test. So a figure is called better or worse where the tests agree on it more than a coin would
(sign test). Of a few tests agreement says nothing, and each difference is taken for what it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ktstr.compare.correction import benjamini_hochberg
from ktstr.compare.finding import Finding, Outcome

# A coin falls six times the same way once in 32.
FEWEST = 6
_KINDS = ("op", "kernel")
_MISSING = "missing"

_Key = tuple[str, str]


@dataclass(frozen=True)
class Votes:
    """Of one figure's name: in how many tests it went either way.

    ups: became worse, or came; downs: became better, or went.
    """

    ups: int
    downs: int

    @property
    def p(self) -> float:
        """How likely a coin is as one-sided as that, either way."""
        count, most = self.ups + self.downs, max(self.ups, self.downs)
        whole = math.lgamma(count + 1) - count * math.log(2)
        tail = math.fsum(
            math.exp(whole - math.lgamma(heads + 1) - math.lgamma(count - heads + 1))
            for heads in range(most, count + 1)
        )
        return min(1.0, 2 * tail)

    @property
    def least_p(self) -> float:
        """What `p` would be, had all of them gone one way."""
        return Votes(self.ups + self.downs, 0).p

    @property
    def sign(self) -> int:
        """1: mostly ups; -1: mostly downs; 0: neither."""
        return (self.ups > self.downs) - (self.ups < self.downs)


def agreed(found: Sequence[Finding], level: float) -> tuple[list[Finding], list[str]]:
    """Findings of virtual time as all of them together have it, and what is to be said about that.

    Those without a name are left as they are.  level: the part of what is told that may be by
    chance.
    """
    tests = {id(each.pair) for each in found if each.name and each.outcome is not Outcome.SAME}
    if len(tests) < FEWEST:
        return list(found), []
    keys = [_key(each) for each in found]
    votes = _counted(found, keys)
    sure = _sure(votes, level)
    words = {key: _words(key, each) for key, each in votes.items()}
    told = [
        each if key is None else _told(each, words[key], key in sure and votes[key].sign)
        for each, key in zip(found, keys, strict=True)
    ]
    return told, [
        f"{len(tests)} tests in virtual time went otherwise, and another schedule alone moves "
        f"figures either way: better or worse is what the tests agree on more than a coin would, "
        f"the rest is changed; --gate has a figure judged test by test"
    ]


def _counted(found: Iterable[Finding], keys: Iterable[_Key | None]) -> Mapping[_Key, Votes]:
    """By kind and name; a test has one vote, that of most of its cgroups and steps."""
    ballots: dict[_Key, dict[int, int]] = {}
    for each, key in zip(found, keys, strict=True):
        if key is not None:
            ballot = ballots.setdefault(key, {})
            test = id(each.pair)
            ballot[test] = ballot.get(test, 0) + _sign(each)
    return {
        key: Votes(sum(each > 0 for each in of.values()), sum(each < 0 for each in of.values()))
        for key, of in ballots.items()
    }


def _sure(votes: Mapping[_Key, Votes], level: float) -> frozenset[_Key]:
    """What chance does not explain; kinds of figures are corrected for themselves.

    Of a figure that too few tests have even agreement would say nothing, so that it is not among
    those that are asked (Tarone 1990).
    """
    found: set[_Key] = set()
    for kind in {kind for kind, _ in votes}:
        keys = [key for key, each in votes.items() if key[0] == kind and each.least_p <= level]
        corrected = benjamini_hochberg([votes[key].p for key in keys])
        found.update(key for key, p in zip(keys, corrected, strict=True) if p <= level)
    return frozenset(found)


def _words(key: _Key, votes: Votes) -> str:
    ways = ("came", "went") if key[0] == _MISSING else ("worse", "better")
    return f"{ways[0]} in {votes.ups} tests, {ways[1]} in {votes.downs}"


def _told(finding: Finding, words: str, sure: int) -> Finding:
    """sure: the sign that what happened to the figure has without doubt, 0: none."""
    outcome = finding.outcome if _sign(finding) == sure else Outcome.CHANGED
    why = f"{finding.why}; {words}" if finding.why else words
    return replace(finding, outcome=outcome, why=why)


def _key(finding: Finding) -> _Key | None:
    """Kind and name of what votes; None: this does not."""
    name, outcome = finding.name, finding.outcome
    if not name:
        return None
    if outcome is Outcome.MISSING:
        return _MISSING, name
    if outcome is not Outcome.WORSE and outcome is not Outcome.BETTER:
        return None
    kind = name.partition(".")[0]
    return kind if kind in _KINDS else "", name


def _sign(finding: Finding) -> int:
    """1: worse, or there now; -1: better, or gone."""
    if finding.outcome is Outcome.MISSING:
        return 1 if finding.base is None else -1
    return 1 if finding.outcome is Outcome.WORSE else -1
