# SPDX-License-Identifier: Apache-2.0
"""How something goes on over time: how authors claim it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ktstr.model.errors import UsageError
from ktstr.model.verdict.claims import Relation, SeriesClaim


@dataclass(frozen=True)
class Series:
    """Something that has a value at many instants, to claim one of its shapes.

    All methods raise UsageError for bounds that nothing could meet or miss.
    """

    claim: SeriesClaim

    def after(self, event: str, text: str = "") -> Series:
        """Only what comes behind the first event of that name whose detail holds `text`."""
        if not event:
            raise UsageError(f"series({self.claim.name!r}).after: the event has no name")
        return Series(replace(self.claim, event=event, text=text))

    def within(self, low: float, high: float) -> SeriesClaim:
        """Every value lies from `low` to `high`."""
        claim = self._shaped("within", low, high)
        if low > high:
            raise UsageError(f"within({low}, {high}): the lower bound comes first")
        return claim

    def steady(self, spread: float) -> SeriesClaim:
        """The largest value is above the smallest by `spread` at most."""
        return self._shaped("steady", spread=spread)

    def rises(self, by: float = 0, slack: float = 0) -> SeriesClaim:
        """It ends above its beginning, by more than `by`, and never falls below what it had come to
        by more than `slack`.
        """
        return self._shaped("rises", by=by, slack=slack)

    def falls(self, by: float = 0, slack: float = 0) -> SeriesClaim:
        """It ends below its beginning, by more than `by`, and never rises by more than `slack`."""
        return self._shaped("falls", by=by, slack=slack)

    def converges(self, to: float, eps: float, within_s: float | None = None) -> SeriesClaim:
        """It comes within `eps` of `to` and stays there to the end, at the latest `within_s` guest
        seconds after its beginning; None: at some time before its last value.
        """
        if within_s is None:
            return self._shaped("converges", to, eps=eps)
        return self._shaped("converges", to, eps=eps, within_s=within_s)

    def _shaped(self, op: str, *any_sign: float, **least: float) -> SeriesClaim:
        """least: the bounds behind the others, which are not to be negative."""
        bounds = (*any_sign, *least.values())
        for bound in bounds:
            if isinstance(bound, bool) or not isinstance(bound, int | float):
                raise UsageError(f"{op}: a number is expected, {type(bound).__name__} was given")
            if not math.isfinite(bound):
                raise UsageError(f"{op}: the bound is {bound}; it must be finite")
        for what, value in least.items():
            if value < 0:
                raise UsageError(f"{what} is {value}; it must not be negative")
        return replace(self.claim, shape=Relation(op, tuple(float(each) for each in bounds)))


def series(
    name: str,
    *,
    cpu: int | None = None,
    dsq: int | None = None,
    snapshots: str = "",
    step: str | int | None = None,
    mean_ms: float = 0.0,
) -> Series:
    """What the monitor saw of a quantity, to claim something about: `series("nr_running", cpu=1)`.

    Without `cpu` or `dsq` all of them are added up.  With `snapshots`, the name of snapshots that
    the test declares, `name` is a number in one of the scheduler's maps: `cpu_ctx[3].nr_queued`.
    `step`: number or name; None: the whole run.  `mean_ms`: means of so much guest time are looked
    at, as single samples jump.

    Raises:
        UsageError: it is said twice what it is of, or the step or `mean_ms` is none.
    """
    if cpu is not None and dsq is not None:
        raise UsageError(f"series({name!r}): it is of a CPU or of a DSQ, not of both")
    if step == "" or isinstance(step, bool):
        raise UsageError(f"series({name!r}): step is {step!r}; give its number or its name")
    if not isinstance(mean_ms, int | float):
        raise UsageError(f"series({name!r}): mean_ms is {mean_ms!r}; a number is expected")
    if not 0 <= mean_ms < math.inf:
        raise UsageError(f"series({name!r}): mean_ms is {mean_ms}; it must not be negative")
    of = dsq if cpu is None else cpu
    where = "" if step is None else str(step)
    return Series(SeriesClaim(name, Relation(""), of, snapshots, where, mean_ms=float(mean_ms)))


def title(claim: SeriesClaim) -> str:
    """What a claim is about, e.g. `nr_running of 1 in step load after op`."""
    words = [claim.name]
    if claim.of is not None:
        words.append(f"of {claim.of}")
    if claim.snapshots:
        words.append(f"in snapshots {claim.snapshots}")
    if claim.step:
        words.append(f"in step {claim.step}")
    if claim.event:
        words.append(f"after {claim.event}{f' {claim.text!r}' if claim.text else ''}")
    if claim.mean_ms:
        words.append(f"in means of {claim.mean_ms:g} ms")
    return " ".join(words)


def shape_words(shape: Relation) -> str:
    """What a series must be, e.g. `steady within 2`."""
    bounds = [f"{bound:g}" for bound in shape.bounds]
    match shape.op:
        case "within":
            return f"within {bounds[0]} and {bounds[1]}"
        case "steady":
            return f"steady, {bounds[0]} from least to most"
        case "rises" | "falls":
            which = "rising" if shape.op == "rises" else "falling"
            return f"{which} by more than {bounds[0]}, with {bounds[1]} of slack"
        case "converges":
            limit = f" within {bounds[2]} s" if len(bounds) > 2 else ""
            return f"converging to {bounds[0]} ± {bounds[1]}{limit}"
    raise UsageError(f"there is no shape {shape.op!r} of a series")
