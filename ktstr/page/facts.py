# SPDX-License-Identifier: Apache-2.0
"""What a result says, as rows of tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ktstr.compare.words import number
from ktstr.report.tables import duration
from ktstr.report.text import kind_name, verdict_name
from ktstr.result import result_pb2

Row = Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table of a page, with a verdict as the last cell of each row where `judged` says so."""

    key: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    judged: bool = False
    filtered: bool = False


def details(result: result_pb2.Result) -> list[tuple[str, str, str]]:
    """Verdict, kind and message of each; the first cause first."""
    return [(verdict_name(d.verdict), kind_name(d.kind), d.message) for d in result.details]


def tables(result: result_pb2.Result) -> list[Table]:
    """Those that have something to say."""
    found = (
        Table("cgroups", "By cgroup", _CGROUPS, list(_cgroups(result))),
        Table("checks", "Checks", _CHECKS, list(_checks(result)), judged=True),
        Table("claims", "Claims", _CLAIMS, list(_claims(result)), judged=True),
        Table("relative", "Against EEVDF", _RELATIVE, list(_relative(result)), judged=True),
        Table("figures", "Figures", _FIGURES, list(_figures(result)), filtered=True),
    )
    return [each for each in found if each.rows]


_CGROUPS = (
    "cgroup",
    "workers",
    "CPUs",
    "share, mean",
    "spread",
    "longest gap",
    "migrations",
    "iterations",
)
_CHECKS = ("check", "step", "limit", "measured", "at", "set by", "verdict")
_CLAIMS = ("claim", "value", "claimed", "verdict")
_RELATIVE = ("claim", "phase", "times as bad", "interval", "of pairs", "verdict")
_FIGURES = ("figure", "of", "step", "value", "unit", "better")
_BETTER = {"higher_better": "higher", "lower_better": "lower"}


def _cgroups(result: result_pb2.Result) -> Iterator[Row]:
    for each in result.cgroups:
        if each.HasField("stats"):
            stats = each.stats
            yield (
                each.name or "(outside)",
                str(stats.workers),
                str(stats.cpus),
                f"{stats.share_mean_pct:.1f} %",
                f"{stats.spread_pct:.1f} %" if stats.HasField("spread_pct") else "-",
                duration(stats.max_gap_ns),
                str(stats.migrations),
                str(stats.iterations),
            )


def _checks(result: result_pb2.Result) -> Iterator[Row]:
    for each in result.checks:
        limit = "on"
        if each.HasField("limit"):
            limit = f"{'≥' if each.least else '≤'} {each.limit:g} {each.unit}".rstrip()
        yield (
            each.name,
            str(each.step) if each.HasField("step") else "all",
            limit,
            f"{each.measured:.4g}" if each.HasField("measured") else "-",
            each.subject or "-",
            each.layer or "-",
            verdict_name(each.verdict),
        )


def _claims(result: result_pb2.Result) -> Iterator[Row]:
    for each in result.claims:
        said = each.relation or "nothing"
        yield (each.name, each.value or each.why, said, verdict_name(each.verdict))


def _relative(result: result_pb2.Result) -> Iterator[Row]:
    for each in result.relative:
        known = each.HasField("factor")
        yield (
            each.claim,
            each.phase,
            f"{each.factor:.3g}" if known else each.why or "-",
            f"{each.low:.3g} to {each.high:.3g}" if known else "-",
            str(len(each.pairs)),
            verdict_name(each.verdict),
        )


def _figures(result: result_pb2.Result) -> Iterator[Row]:
    for each in result.figures:
        if each.HasField("value"):
            yield (
                each.name,
                (each.cgroup or "(outside)") if each.HasField("cgroup") else "all",
                _step(each),
                number(each.value),
                each.unit,
                _BETTER.get(each.polarity, ""),
            )


def _step(figure: result_pb2.Figure) -> str:
    if not figure.HasField("step"):
        return "all"
    several = f"scenario {figure.scenario}, " if figure.scenario else ""
    return f"{several}{figure.step}"
