# SPDX-License-Identifier: Apache-2.0
"""The named figures of a result that claims are about.

A name is `CGROUP.FIGURE`, e.g. `cg_0.iterations`, or `total.FIGURE`; `STEP:` before it means one
step of the scenario, by its number or name: `1:cg_0.max_gap_ms`, `squeeze:total.iterations`.
Cgroups and steps may hold colons and dots themselves, so that what a name means depends on those
there are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ktstr.judge.statistics.figure_table import OF_A_CGROUP, OF_ALL
from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.model.scenario.scenario import TOTAL


@dataclass(frozen=True)
class FigureName:
    """A name taken apart; `step` is empty for the whole run."""

    step: str
    cgroup: str
    figure: str

    @classmethod
    def parse(cls, text: str) -> FigureName:
        """Takes `CGROUP.FIGURE` apart, at the last dot.

        A `STEP:` is still part of the cgroup then, as both may hold colons: see `placed`.

        Raises:
            UsageError: it has no such form, or there is no such figure; those there are are named.
        """
        cgroup, _, figure = text.rpartition(".")
        if not cgroup or not figure:
            raise UsageError(
                f"{text!r} names no figure; expected CGROUP.FIGURE or {TOTAL}.FIGURE, e.g. "
                f"'cg_0.iterations', and STEP: before it for one step"
            )
        if not cgroup.endswith(f":{TOTAL}") or figure not in {*OF_ALL, *OF_A_CGROUP}:
            _check_figure(text, figure, cgroup.rpartition(":")[2])
        return cls("", cgroup, figure)

    def placed(self, step: str, cgroups: Collection[str], steps: Collection[str]) -> FigureName:
        """The name with its step, of `steps` (numbers and names), and its cgroup, of `cgroups`.

        With `step` given, all of the name is the cgroup's.  Else a whole cgroup's name means that
        for the whole run; only then is a step looked for, before any of the colons.

        Raises:
            UsageError: there is no such cgroup or step, or it is not clear which is meant.
        """
        known, text = {*cgroups, TOTAL}, f"{self.cgroup}.{self.figure}"
        if step or self.cgroup in known:
            found = [(step, self.cgroup)]
        else:
            found = [pair for pair in self._splits() if pair[0] in steps and pair[1] in known]
        if len(found) > 1:
            meant = " or ".join(f"cgroup {cgroup!r} in step {step!r}" for step, cgroup in found)
            raise UsageError(
                f"stat {text!r} may be {meant}; give the step apart: "
                f"stat({f'{found[0][1]}.{self.figure}'!r}, step={found[0][0]!r})"
            )
        step, cgroup = found[0] if found else self._nearest(known, steps)
        if cgroup not in known:
            there = ", ".join(sorted(cgroups)) or "none"
            raise UsageError(
                f"stat {text!r}: the scenario makes no cgroup {cgroup!r}; its cgroups: {there}"
            )
        if (step or not found) and step not in steps:
            there = ", ".join(steps) or "none"
            raise UsageError(
                f"stat {text!r}: the scenario has no step {step!r}; its steps: {there}"
            )
        _check_figure(text, self.figure, cgroup)
        return FigureName(step, cgroup, self.figure)

    def _splits(self) -> list[tuple[str, str]]:
        """(step, cgroup) for each colon that may be between them."""
        parts = self.cgroup.split(":")
        return [(":".join(parts[:i]), ":".join(parts[i:])) for i in range(1, len(parts))]

    def _nearest(self, cgroups: Collection[str], steps: Collection[str]) -> tuple[str, str]:
        """What was probably meant by a name that means nothing: half of it may be known."""
        for step, cgroup in self._splits():
            if step in steps or cgroup in cgroups:
                return step, cgroup
        return "", self.cgroup


def _check_figure(text: str, figure: str, cgroup: str) -> None:
    known = OF_ALL if cgroup == TOTAL else OF_A_CGROUP
    if figure not in known:
        whose = "the totals" if cgroup == TOTAL else "a cgroup"
        raise UsageError(
            f"{text!r}: there is no figure {figure!r}{did_you_mean(figure, known)}; those of "
            f"{whose}: {', '.join(sorted(known))}"
        )
