# SPDX-License-Identifier: Apache-2.0
"""Judges a saved run again, and says what came out otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.after.call import with_after
from ktstr.after.saved import read_sources
from ktstr.judge.judge import judge
from ktstr.record.read import has_run, read_run
from ktstr.rejudge.console import read_console
from ktstr.result import result_pb2
from ktstr.result.make.whole import result_of
from ktstr.result.read import read_result
from ktstr.result.write import to_bytes


@dataclass(frozen=True)
class Rejudged:
    """A result as it was saved, and as it is made today of the same run."""

    before: result_pb2.Result
    after: result_pb2.Result

    @property
    def is_same(self) -> bool:
        """Whether result.pb would be written with the same bytes."""
        return to_bytes(self.before) == to_bytes(self.after)

    @property
    def parts(self) -> tuple[str, ...]:
        """The fields of a result that differ, by their names in the schema."""
        names = [field.name for field in result_pb2.Result.DESCRIPTOR.fields]
        return tuple(name for name in names if _part(self.before, name) != _part(self.after, name))


def rejudge(folder: Path) -> Rejudged | None:
    """The run in a test's `folder` judged again; None where no guest was ever started.

    The console is read again, too; without its log, it stays as it was read then.  An `after`
    function is called again, from the sources that were kept for it.

    Raises:
        UsageError: the folder cannot be read, or another version of ktstr wrote it.
        InfraError: what the guest reported cannot be judged.
    """
    before = read_result(folder / "result.pb")
    if not has_run(before):
        return None
    saved = read_run(folder, before)
    console = read_console(folder)
    run = saved.run if console is None else replace(saved.run, console=console)
    judgement, sources = judge(run), read_sources(folder)
    if sources is not None:
        judgement = with_after(run, judgement, sources)
    return Rejudged(before, result_of(run, judgement, saved.identity, saved.host))


def _part(result: result_pb2.Result, name: str) -> bytes:
    alone = result_pb2.Result()
    alone.CopyFrom(result)
    for field in result_pb2.Result.DESCRIPTOR.fields:
        if field.name != name:
            alone.ClearField(field.name)
    return to_bytes(alone)
