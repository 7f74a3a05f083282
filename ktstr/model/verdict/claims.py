# SPDX-License-Identifier: Apache-2.0
"""Claims: what a test says must be true of a value, as data that the host judges.

This file holds records alone, since every guest imports it with the plan: they are made and read by
`ktstr.model.verdict.relations`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Relation:
    """What a value must be: `op` is the name of a method of `ktstr.it`, `bounds` its arguments.

    `parts` are the relations of any_of and all_of.
    """

    op: str
    bounds: tuple[Any, ...] = ()
    parts: tuple[Relation, ...] = ()


@dataclass(frozen=True)
class SeriesClaim:
    """A claim about how something goes on over time: made and read by `model.verdict.series`.

    name: a quantity of the monitor, or with `snapshots`, the name of a test's snapshots, a place in
    a map: `cpu_ctx[3].nr_queued`.  of: the CPU, DSQ or node; None: all of them added up.  shape:
    `op` is the name of a method of `ktstr.series(...)`, `bounds` its arguments.  step: number or
    name; empty: the whole run.  event, text: it begins with the first event of that name whose
    detail holds the text; empty: with the step or run.  mean_ms: of so much time the mean is taken;
    0: every value counts.
    """

    name: str
    shape: Relation
    of: int | None = None
    snapshots: str = ""
    step: str = ""
    event: str = ""
    text: str = ""
    mean_ms: float = 0.0


@dataclass(frozen=True)
class StatClaim:
    """A claim about a figure of the result, by its name (`ktstr.judge.figures`).

    step: number or name of the step that it is about, unless `stat` begins with that.
    """

    stat: str
    relation: Relation
    step: str = ""
