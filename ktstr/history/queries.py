# SPDX-License-Identifier: Apache-2.0
"""What is asked of a history."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, NamedTuple, get_type_hints

from ktstr.history.entry import Variant
from ktstr.history.run import RunState
from ktstr.history.where import Condition, sql_of
from ktstr.model.errors import UsageError

_JOINED = """
FROM run
JOIN run_result ON run_result.run_id = run.id
JOIN result ON result.id = run_result.result_id
JOIN facts ON facts.id = result.facts_id
JOIN variant ON variant.id = facts.variant_id
JOIN host ON host.id = result.host_id
"""


@dataclass(frozen=True)
class RunRow:
    """A run, with how many of its results have which verdict."""

    id: int
    state: str
    started: str
    imported: str
    source: str
    commit: str
    branch: str
    dirty: bool | None
    ci: str
    ci_url: str
    tags: Mapping[str, str]
    verdicts: Mapping[str, int]


class Row(NamedTuple):
    """A result as comparisons take it.

    run: the last that has it; happened: what orders results, the latest last.
    """

    variant: int
    facts: int
    inputs: bytes
    seed: str
    verdict: str
    cause: str
    message: str
    shape: int
    figures: bytes
    result: int
    run: int
    happened: str


class Told(NamedTuple):
    """A result as it is listed."""

    result: int
    run: int
    commit: str
    branch: str
    started: str
    label: str
    test: str
    topology: str
    kernel: str
    scheduler: str
    accel: str
    seed: str
    verdict: str
    cause: str
    message: str
    shape: int
    figures: bytes


_Types = tuple[type | UnionType, ...]
_ROW: _Types = tuple(get_type_hints(Row).values())
_TOLD: _Types = tuple(get_type_hints(Told).values())
_VARIANT: _Types = (int, *(str,) * 7)
_RUN: _Types = (int, *(str,) * 6, int | NoneType, str, str)


def runs(
    connection: sqlite3.Connection, conditions: Sequence[Condition], limit: int
) -> list[RunRow]:
    """The last `limit` runs that have results of these conditions, the last one first."""
    where, values = sql_of(conditions)
    having = f"WHERE id IN (SELECT run.id {_JOINED} WHERE {where})" if conditions else ""
    query = (
        'SELECT id, state, started, imported, source, "commit", branch, dirty, ci, ci_url FROM run '
        f"{having} ORDER BY started DESC, id DESC LIMIT ?"
    )
    found = list(_typed(connection.execute(query, [*values, limit]), _RUN))
    return [_run_row(connection, row) for row in found]


def rows(connection: sqlite3.Connection, conditions: Sequence[Condition]) -> Iterator[Row]:
    """Each result of these conditions once, the latest last."""
    where, values = sql_of(conditions)
    query = (
        "SELECT facts.variant_id, facts.id, inputs, seed, verdict, cause, message, shape_id,"
        " figures, result.id, max(run.id), max(run.started || ' ' || result.started)"
        f" {_JOINED} WHERE {where} GROUP BY result.id ORDER BY 12, 10"
    )
    yield from map(Row._make, _typed(connection.execute(query, values), _ROW))


def variants(connection: sqlite3.Connection) -> dict[int, Variant]:
    """All variants by their numbers."""
    found = connection.execute(
        "SELECT id, label, test, source, topology, kernel, scheduler, accel FROM variant"
    )
    return {row[0]: Variant(*row[1:]) for row in _typed(found, _VARIANT)}


def shape(connection: sqlite3.Connection, number: int) -> str:
    """The names of the figures of a shape; see `ktstr.history.figures`.

    Raises:
        UsageError: they are not there.
    """
    row = connection.execute("SELECT names FROM shape WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise UsageError(f"the history is damaged: it has no names of figures {number}")
    return str(row[0])


def listed(
    connection: sqlite3.Connection, conditions: Sequence[Condition], limit: int = -1
) -> Iterator[Told]:
    """Each result of each run of these conditions, in the order of runs' beginnings.

    limit: the last so many alone; -1: all.
    """
    where, values = sql_of(conditions)
    query = (
        'SELECT result.id, run.id, run."commit", run.branch, result.started, label, test,'
        " topology, variant.kernel, scheduler, accel, seed, verdict, cause, message, shape_id,"
        f" figures {_JOINED} WHERE {where}"
    )
    if limit >= 0:
        latest = f"{query} ORDER BY run.started DESC, run.id DESC, result.id DESC LIMIT ?"
        found = list(_typed(connection.execute(latest, [*values, limit]), _TOLD))
        yield from map(Told._make, reversed(found))
        return
    ordered = f"{query} ORDER BY run.started, run.id, result.id"
    yield from map(Told._make, _typed(connection.execute(ordered, values), _TOLD))


def whole(connection: sqlite3.Connection, facts: int) -> bytes | None:
    """The whole result of these facts, as `ktstr.history.whole` has it; None: it was not kept."""
    found = connection.execute("SELECT content FROM whole WHERE facts_id = ?", (facts,))
    return next((row[0] for row in _typed(found, (bytes,))), None)


def older(connection: sqlite3.Connection, run: int, time: str) -> int:
    """How many of a run's results began before a time; julianday() knows RFC 3339's offsets."""
    query = (
        "SELECT count(*) FROM run_result JOIN result ON result.id = result_id"
        " WHERE run_id = ? AND julianday(started) < julianday(?)"
    )
    return int(connection.execute(query, (run, time)).fetchone()[0])


def named(connection: sqlite3.Connection, column: str, pattern: str) -> list[str]:
    """The different values of a run's `commit` or `branch` that a GLOB pattern fits."""
    assert column in ("commit", "branch")
    query = f'SELECT DISTINCT "{column}" FROM run WHERE "{column}" GLOB ?'
    return [row[0] for row in _typed(connection.execute(query, (pattern,)), (str,))]


def runs_of(connection: sqlite3.Connection, conditions: Sequence[Condition]) -> frozenset[int]:
    """The numbers of the runs that conditions on runs alone hold for."""
    where, values = sql_of(conditions)
    return frozenset(
        row[0] for row in connection.execute(f"SELECT id FROM run WHERE {where}", values)
    )


def last_whole(connection: sqlite3.Connection, branch: str, without: Collection[int]) -> int | None:
    """The number of a branch's last run that was imported whole and is none of `without`."""
    query = "SELECT id FROM run WHERE branch = ? AND state = ? ORDER BY started DESC, id DESC"
    found = connection.execute(query, (branch, RunState.WHOLE))
    return next((row[0] for row in found if row[0] not in without), None)


def run_numbers(connection: sqlite3.Connection) -> list[int]:
    """The numbers of all runs, the last one first."""
    query = "SELECT id FROM run ORDER BY started DESC, id DESC"
    return [row[0] for row in connection.execute(query)]


def _run_row(connection: sqlite3.Connection, row: tuple[Any, ...]) -> RunRow:
    number, state, started, imported, source, commit, branch, dirty, ci, ci_url = row
    found = connection.execute("SELECT key, value FROM run_tag WHERE run_id = ?", (number,))
    tags = _typed(found, (str, str))
    return RunRow(
        id=number,
        state=state,
        started=started,
        imported=imported,
        source=source,
        commit=commit,
        branch=branch,
        dirty=None if dirty is None else bool(dirty),
        ci=ci,
        ci_url=ci_url,
        tags=dict(tags),
        verdicts=_verdicts(connection, number),
    )


def _verdicts(connection: sqlite3.Connection, run: int) -> dict[str, int]:
    query = (
        "SELECT verdict, count(*) FROM run_result JOIN result ON result.id = result_id"
        " JOIN facts ON facts.id = facts_id WHERE run_id = ? GROUP BY verdict ORDER BY verdict"
    )
    return dict(_typed(connection.execute(query, (run,)), (str, int)))


def _typed(rows: Iterable[tuple[Any, ...]], types: _Types) -> Iterator[tuple[Any, ...]]:
    """The rows, each value of which has its type, or is NULL where that is among its types.

    Raises:
        UsageError: one has another: SQLite takes any type in any column, and so sees no damage.
    """
    seen: set[_Types] = set()
    for row in rows:
        found = tuple(map(type, row))
        if found not in seen:
            for each, known in zip(found, types, strict=True):
                if not issubclass(each, known):
                    raise UsageError(
                        f"the history is damaged: it has {each.__name__} where "
                        f"{getattr(known, '__name__', known)} belongs"
                    )
            seen.add(found)
        yield row
