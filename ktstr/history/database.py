# SPDX-License-Identifier: Apache-2.0
"""The file of a history: opened, brought to today's schema, and its errors in our words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from ktstr.history.figures import summed
from ktstr.history.schema import APPLICATION_ID, MIGRATIONS
from ktstr.model.errors import InfraError, UsageError

# Where a history is unless somebody says otherwise.
VARIABLE = "KTSTR_HISTORY"
# Longer than another import holds the file, which is for one batch of results.
_WAIT_S = 60.0
_CACHE_KIB = 32 << 10
# How Python's sqlite3 begins what it says of a text that is not UTF-8, without a code.
_UNREADABLE = "Could not decode to UTF-8"


def default_history(environ: Mapping[str, str]) -> Path:
    """$KTSTR_HISTORY, else ktstr/history.sqlite in the user's data directory."""
    named = environ.get(VARIABLE)
    if named:
        return Path(named)
    home = Path(environ.get("HOME", "/"))
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    return data / "ktstr/history.sqlite"


@contextlib.contextmanager
def history(path: Path, *, create: bool = False) -> Iterator[sqlite3.Connection]:
    """The history in the file `path`, of today's schema, closed behind the block.

    create: an empty one is made where there is none, with the folders above.  Transactions are
    begun by hand (`writing`).

    Raises:
        UsageError: there is none; it is damaged, newer than this ktstr, or no history at all.
        InfraError: it cannot be read or written: no space, no rights, held by others too long.
    """
    if not path.exists() and not create:
        raise UsageError(
            f"there is no history in {path}: `ktstr import` makes one; --history or {VARIABLE} "
            f"names another"
        )
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder, and a history is one file: name it with --history or {VARIABLE}"
        )
    if create:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InfraError(f"cannot make {path.parent}: {error.strerror}") from error
    with _told(path):
        writable = create or os.access(path, os.W_OK)
        connection = _connected(path, create=create, writable=writable)
        try:
            _prepare(path, connection, writable=writable)
            yield connection
        finally:
            connection.close()


@contextlib.contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that writes: all of the block, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # a full disk has SQLite roll back by itself
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _connected(path: Path, *, create: bool, writable: bool) -> sqlite3.Connection:
    mode = "rwc" if create else "rw" if writable else "ro"
    place = f"{path.resolve().as_uri()}?mode={mode}"
    connection = sqlite3.connect(place, uri=True, timeout=_WAIT_S, isolation_level=None)
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA foreign_keys = ON")
    # of a migration
    connection.create_function("summed", 1, summed, deterministic=True)
    return connection


def _prepare(path: Path, connection: sqlite3.Connection, *, writable: bool) -> None:
    application, version = _stamps(connection)
    if version == 0 and application == 0 and not _tables(connection):
        application = APPLICATION_ID
    if application != APPLICATION_ID:
        raise UsageError(
            f"{path} is an SQLite file of something else: its application_id is {application}, a "
            f"history's is {APPLICATION_ID}; name another file with --history"
        )
    if version > len(MIGRATIONS):
        raise UsageError(
            f"the history in {path} is of version {version} and this ktstr knows "
            f"{len(MIGRATIONS)} at most: use the ktstr that wrote it, or a newer one"
        )
    if version < len(MIGRATIONS):
        if not writable:
            raise UsageError(
                f"the history in {path} is of version {version}, is to become {len(MIGRATIONS)}, "
                f"and cannot be written: give yourself the right to"
            )
        _migrate(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    """All steps in one transaction: a kill leaves the file as it was."""
    with writing(connection):
        _, version = _stamps(connection)  # another process may have been first
        for script in MIGRATIONS[version:]:
            for statement in script.split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {max(version, len(MIGRATIONS))}")


def _stamps(connection: sqlite3.Connection) -> tuple[int, int]:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return application, connection.execute("PRAGMA user_version").fetchone()[0]


def _tables(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return found


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _in_our_words(path, error) from error
    except UnicodeDecodeError as error:
        # of SQLite's own words, where they quote what is damaged
        raise _damaged(path, error) from error


def _damaged(path: Path, why: Exception) -> UsageError:
    return UsageError(
        f"the history in {path} is damaged ({why}): take a copy of it from before, or move "
        f"it away and import what there is again; `sqlite3 {path} .recover` saves what can be"
    )


def _in_our_words(path: Path, error: sqlite3.DatabaseError) -> Exception:
    # the extended code's lowest byte is the primary one (sqlite3.h, Result Codes)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return UsageError(f"{path} is no history: it is not an SQLite file, or its head is damaged")
    if code == sqlite3.SQLITE_CORRUPT or _UNREADABLE in str(error):
        return _damaged(path, error)
    if code == sqlite3.SQLITE_FULL:
        return InfraError(
            f"no space for the history in {path}: what was imported before stays; make room, and "
            f"import the same again, which doubles nothing"
        )
    if code == sqlite3.SQLITE_BUSY:
        return InfraError(
            f"the history in {path} was held by others for {_WAIT_S:.0f} s; see who has it open, "
            f"and run this again"
        )
    return InfraError(f"the history in {path} cannot be used: {error}")
