# SPDX-License-Identifier: Apache-2.0
"""What the tests of a workspace left last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ktstr.command.context import Context
from ktstr.history.places import Place, places_below
from ktstr.model.errors import UsageError
from ktstr.result import result_pb2
from ktstr.result.read import result_of_bytes

_LEFT_OUT = 2


@dataclass(frozen=True)
class Read:
    """results: each once.  left_out: how many could not be read, as was told."""

    results: list[result_pb2.Result]
    left_out: int

    @property
    def code(self) -> int:
        """The exit code of who has nothing else to say."""
        return _LEFT_OUT if self.left_out else 0


def results_below(place: Path, context: Context) -> Read:
    """Every result at or below a place; what is damaged or newer is told and left out.

    Raises:
        UsageError: there is none, or none that can be read.
    """
    read = results_of(places_below(place), context)
    if read.results:
        return read
    if read.left_out:
        raise UsageError(f"none of the {read.left_out} results in {place} can be read")
    raise UsageError(
        f"no result.pb in {place} or below, and no outputs.zip with one: run a ktstr_test, or "
        f"name the folder of its outputs"
    )


def results_of(places: Iterable[Place], context: Context) -> Read:
    """The results of places; what is damaged or newer is told and left out."""
    found: list[result_pb2.Result] = []
    refused: list[str] = []
    for each in places:
        try:
            found.append(result_of_bytes(each.content(), str(each)))
        except UsageError as error:
            refused.append(str(error))
    context.tell_some(refused)
    return Read(distinct(found), len(refused))


def distinct(results: Iterable[result_pb2.Result]) -> list[result_pb2.Result]:
    """Each once: what two shards, or an archive and the files from it, both have is one."""
    found: dict[bytes, result_pb2.Result] = {}
    for each in results:
        found.setdefault(each.SerializeToString(deterministic=True), each)
    return list(found.values())
