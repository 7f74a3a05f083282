# SPDX-License-Identifier: Apache-2.0
"""Imports results into a history: in batches, each all or nothing, and each result once.

An import that is killed leaves whole batches and a run that says so; the same import again takes
up where it was, as its run has the same key. Two at once take turns, batch by batch.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, field

from ktstr.history.database import writing
from ktstr.history.entry import Entry, Facts, Variant
from ktstr.history.extract import entry_of
from ktstr.history.places import Place, digest_of
from ktstr.history.revision import Revision, corrected
from ktstr.history.run import NewRun, RunState
from ktstr.history.window import Window
from ktstr.model.errors import UsageError

# What a kill loses at most, and another import waits for at most.
BATCH = 250

Progress = Callable[[int, int], None]


@dataclass
class Imported:
    """What an import did.

    run: its number.  added: results that were new; known: that the history had.
    refused: why each of the others could not be taken.  revision: that of the run, as far as the
    history has it.
    """

    run: int = 0
    revision: Revision = field(default_factory=Revision)
    added: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """A place with the digest of what is there."""

    place: Place
    digest: bytes


def found_in(places: Iterable[Place], refused: list[str]) -> list[Found]:
    """Each place with its digest, each content once; what cannot be read goes to `refused`."""
    found: dict[bytes, Found] = {}
    for place in places:
        try:
            digest = digest_of(place.content())
        except UsageError as error:
            refused.append(str(error))
            continue
        found.setdefault(digest, Found(place, digest))
    return list(found.values())


def key_of(found: Sequence[Found], *others: str) -> str:
    """A run's key by what is in it, and by what else tells it from others."""
    whole = hashlib.sha256("\0".join(others).encode())
    for digest in sorted(each.digest for each in found):
        whole.update(digest)
    return f"content:{whole.hexdigest()}"


def import_run(
    connection: sqlite3.Connection,
    run: NewRun,
    found: Sequence[Found],
    end: RunState,
    *,
    window: Window,
    whole: bool,
    progress: Progress,
) -> Imported:
    """Imports a run's results.

    end: the run's state then.  window: when its results began.  whole: keep results as a whole,
    too.  progress: is told how many of how many are done.

    Raises:
        sqlite3.Error: as the file's errors are told by `history`.
    """
    done = Imported()
    with writing(connection):
        done.run, done.revision = _begin(connection, run)
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        known, entries = _sorted(connection, batch, window, done)
        with writing(connection):
            rows = _Rows(connection, whole)
            # another import may have been faster
            ids = known | {each.digest: rows.result(each) for each in entries}
            done.added += rows.added
            done.known += len(ids) - rows.added
            connection.executemany(
                "INSERT INTO run_result VALUES(?, ?, ?) ON CONFLICT DO NOTHING",
                [
                    (done.run, ids[each.digest], each.place.cached)
                    for each in batch
                    if each.digest in ids
                ],
            )
        progress(min(start + BATCH, len(found)), len(found))
    with writing(connection):
        # one without results would be the last that there was
        connection.execute(
            "DELETE FROM run WHERE id = ? AND id NOT IN (SELECT run_id FROM run_result)",
            (done.run,),
        )
        connection.execute(
            # half the build events of a run that is whole take nothing from it
            "UPDATE run SET state = CASE state WHEN ? THEN state ELSE ? END,"
            " started = CASE started WHEN '' THEN coalesce((SELECT max(started)"
            " FROM result JOIN run_result ON result.id = result_id WHERE run_id ="
            " run.id), '') ELSE started END WHERE id = ?",
            (RunState.WHOLE, end, done.run),
        )
    return done


def _begin(connection: sqlite3.Connection, run: NewRun) -> tuple[int, Revision]:
    """The number of the run's row, made where there is none, and what it is of."""
    connection.execute(
        'INSERT INTO run(key, state, started, imported, source, "commit", branch, revision_from,'
        " ci, ci_url) VALUES(?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?, '', '', '', '', '')"
        " ON CONFLICT DO NOTHING",
        (run.key, RunState.IMPORTING, run.started, run.source),
    )
    number, commit, branch, dirty, source = connection.execute(
        'SELECT id, "commit", branch, dirty, revision_from FROM run WHERE key = ?', (run.key,)
    ).fetchone()
    had = Revision(commit, branch, None if dirty is None else bool(dirty), source)
    now = corrected(had, run.revision)
    connection.execute(
        'UPDATE run SET "commit" = ?, branch = ?, dirty = ?, revision_from = ? WHERE id = ?',
        (now.commit, now.branch, None if now.dirty is None else int(now.dirty), now.source, number),
    )
    connection.execute(
        "UPDATE run SET ci = ?, ci_url = ? WHERE id = ? AND ci = ''",
        (run.ci.name, run.ci.url, number),
    )
    # one that was killed is at work again
    connection.execute(
        "UPDATE run SET imported = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
        " WHERE id = ? AND state = ?",
        (number, RunState.IMPORTING),
    )
    connection.executemany(
        "INSERT INTO run_tag VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        [(number, key, value) for key, value in run.tags.items()],
    )
    return int(number), now


def _sorted(
    connection: sqlite3.Connection, batch: Sequence[Found], window: Window, done: Imported
) -> tuple[dict[bytes, int], list[Entry]]:
    """The numbers of what the history has, by digest, and what is new, of this run alone."""
    marks = ",".join("?" * len(batch))
    query = f"SELECT digest, id, started FROM result WHERE digest IN ({marks})"
    had = connection.execute(query, [each.digest for each in batch]).fetchall()
    numbers = {digest: (number, started) for digest, number, started in had}
    known: dict[bytes, int] = {}
    entries: list[Entry] = []
    for each in batch:
        if each.digest in numbers:
            number, started = numbers[each.digest]
            if _is_of_run(each, started, window, done):
                known[each.digest] = number
            continue
        entry = _entry(each, done)
        if entry is not None and _is_of_run(each, entry.started, window, done):
            entries.append(entry)
    return known, entries


def _is_of_run(found: Found, began: str, window: Window, done: Imported) -> bool:
    holds = window.holds(began, cached=found.place.cached)
    if not holds:
        done.refused.append(
            f"{found.place} began at {began or 'no known time'}, and the build ran from {window}: "
            f"it is another build's"
        )
    return holds


def _entry(found: Found, done: Imported) -> Entry | None:
    try:
        content = found.place.content()
        if digest_of(content) != found.digest:
            raise UsageError(f"{found.place} changed while it was read; import it again")
        return entry_of(content, found.digest, str(found.place))
    except UsageError as error:
        done.refused.append(str(error))
        return None


class _Rows:
    """Rows of one transaction: what several results share is written once."""

    def __init__(self, connection: sqlite3.Connection, whole: bool) -> None:
        self.added = 0
        self._connection, self._whole = connection, whole
        self._ids: dict[object, int] = {}

    def result(self, entry: Entry) -> int:
        """The number of the result's row, made where there is none."""
        host = astuple(entry.host)
        host_id = self._shared(
            "host", "hostname, kernel, cpu_model, cpus, governor, mitigations, thp", host
        )
        values = (
            entry.digest,
            self._facts(entry),
            host_id,
            entry.started,
            entry.wall_s,
            entry.load,
        )
        row = self._connection.execute(
            "INSERT INTO result(digest, facts_id, host_id, started, wall_s, load)"
            " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
            values,
        ).fetchone()
        if row is not None:
            self.added += 1
            return int(row[0])
        found = self._connection.execute("SELECT id FROM result WHERE digest = ?", values[:1])
        return int(found.fetchone()[0])

    def _facts(self, entry: Entry) -> int:
        facts = entry.facts
        number = self._number("SELECT id FROM facts WHERE digest = ?", (facts.digest,))
        if number is None:
            number = self._new_facts(entry.variant, facts)
        if self._whole:
            self._connection.execute(
                "INSERT INTO whole VALUES(?, ?) ON CONFLICT DO NOTHING", (number, entry.whole)
            )
        return number

    def _new_facts(self, variant: Variant, facts: Facts) -> int:
        variant_id = self._shared(
            "variant", "label, test, source, topology, kernel, scheduler, accel", astuple(variant)
        )
        shape_id = self._shared("shape", "names", (facts.names,))
        row = self._connection.execute(
            "INSERT INTO facts(digest, variant_id, inputs, seed, release, vmlinux, layer,"
            " schema_version, verdict, cause, message, shape_id, figures)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (
                facts.digest,
                variant_id,
                facts.inputs,
                facts.seed,
                facts.release,
                facts.vmlinux,
                facts.layer,
                facts.schema_version,
                facts.verdict,
                facts.cause,
                facts.message,
                shape_id,
                facts.values,
            ),
        ).fetchone()
        return int(row[0])

    def _shared(self, table: str, columns: str, values: tuple[object, ...]) -> int:
        """The row of `table` with these values in all its columns."""
        key = (table, values)
        if key not in self._ids:
            names = columns.split(", ")
            where = " AND ".join(f"{name} = ?" for name in names)
            found = self._number(f"SELECT id FROM {table} WHERE {where}", values)
            if found is None:
                marks = ", ".join("?" * len(names))
                insert = f"INSERT INTO {table}({columns}) VALUES({marks}) RETURNING id"
                found = self._number(insert, values)
                assert found is not None
            self._ids[key] = found
        return self._ids[key]

    def _number(self, query: str, values: tuple[object, ...]) -> int | None:
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else int(row[0])
