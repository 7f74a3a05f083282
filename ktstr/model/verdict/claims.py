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
class StatClaim:
    """A claim about a figure of the result, by its name (`ktstr.judge.figures`).

    step: number or name of the step that it is about, unless `stat` begins with that.
    """

    stat: str
    relation: Relation
    step: str = ""
