# SPDX-License-Identifier: Apache-2.0
"""What the tests of a workspace left last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ktstr.history.places import places_below
from ktstr.model.errors import UsageError
from ktstr.result import result_pb2
from ktstr.result.read import result_of_bytes


def results_below(place: Path) -> Iterator[result_pb2.Result]:
    """Every result at or below a place.

    Raises:
        UsageError: there is none, or one cannot be read.
    """
    found = False
    for each in places_below(place):
        found = True
        yield result_of_bytes(each.content(), str(each))
    if not found:
        raise UsageError(
            f"no result.pb in {place} or below, and no outputs.zip with one: run a ktstr_test, or "
            f"name the folder of its outputs"
        )


def distinct(results: Iterable[result_pb2.Result]) -> list[result_pb2.Result]:
    """Each once: what two shards, or an archive and the files from it, both have is one."""
    found: dict[bytes, result_pb2.Result] = {}
    for each in results:
        found.setdefault(each.SerializeToString(deterministic=True), each)
    return list(found.values())
