# SPDX-License-Identifier: Apache-2.0
"""Failures as commands of GitHub's runner, which shows them beside the lines of a pull request.

The form: GitHub's documentation, "Workflow commands for GitHub Actions"; the escapes: its toolkit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ktstr.report.source_lines import Read, own_line
from ktstr.report.text import headline
from ktstr.result import result_pb2
from ktstr.result.characters import one_line, printable

_COMMANDS = {result_pb2.FAIL: "error", result_pb2.INCONCLUSIVE: "warning"}
_OF_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_OF_PROPERTY = {**_OF_DATA, ":": "%3A", ",": "%2C"}


def annotations_of(results: Iterable[result_pb2.Result], read: Read) -> Iterator[str]:
    """A line for each result that did not pass; without a file where none of it is known."""
    for each in results:
        command = _COMMANDS.get(each.verdict)
        if command is None:
            continue
        place = own_line(each, read)
        of = {"file": place.file, "line": str(place.line)} if place else {}
        of["title"] = one_line(f"{each.identity.label}::{each.identity.test}")
        properties = ",".join(f"{name}={_escaped(of[name], _OF_PROPERTY)}" for name in of)
        message = "\n".join([headline(each), *(d.message for d in each.details[1:])])
        yield f"::{command} {properties}::{_escaped(printable(message), _OF_DATA)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(each, each) for each in text)
