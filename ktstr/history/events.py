# SPDX-License-Identifier: Apache-2.0
"""What Bazel's build events say of an invocation and of where its tests' results lie.

The file of --build_event_json_file has an event a line: Bazel's
src/main/java/com/google/devtools/build/lib/buildeventstream/proto/build_event_stream.proto in the
JSON form of protobuf.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ktstr.history.places import Place, places_below
from ktstr.model.errors import UsageError

_OUTPUTS = "test.outputs"
# What a line raises that is no event, or one of which a part is missing, or too deep.
_NO_EVENT = (ValueError, TypeError, AttributeError, KeyError, RecursionError)


class Log(NamedTuple):
    """The file test.log of a test."""

    path: Path
    cached: bool
    label: str


@dataclass
class Invocation:
    """One invocation.

    uuid: its own.  started, finished: RFC 3339, empty where no event says so.  ended: the last
    event is there.  exit_name: Bazel's name of its exit code.  status: what the workspace status
    command and --build_metadata said, by name.  logs: of each test, the file test.log.  remote:
    labels of tests whose files were left in a remote cache.
    """

    uuid: str = ""
    started: str = ""
    finished: str = ""
    ended: bool = False
    exit_name: str = ""
    status: dict[str, str] = field(default_factory=dict)
    logs: list[Log] = field(default_factory=list)
    remote: list[str] = field(default_factory=list)
    tests: int = 0

    def places(self, labels: Collection[str] | None = None) -> Iterator[Place]:
        """Every result that its tests left, or those of `labels`."""
        for log in self.logs:
            outputs = log.path.with_name(_OUTPUTS)
            if outputs.is_dir() and (labels is None or log.label in labels):
                yield from places_below(outputs, cached=log.cached)


def is_events(path: Path) -> bool:
    """Whether a file looks like build events."""
    try:
        with path.open("rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False


def read_events(path: Path) -> Invocation:
    """Reads a file of --build_event_json_file; one that was cut short has `ended` False.

    Raises:
        UsageError: it cannot be read, or is something else.
    """
    found = Invocation()
    cut = ""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if cut:
                    raise UsageError(f"{path}:{number - 1} is no build event: {cut}")
                try:
                    _take(found, json.loads(line))
                except _NO_EVENT as error:
                    cut = str(error)  # right where it is the last line, of a build that was killed
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if not found.uuid:
        raise UsageError(
            f"{path} is no file of --build_event_json_file: no event says that a build started"
        )
    return found


def _take(found: Invocation, event: Mapping[str, Any]) -> None:
    kind = event.get("id", {})
    if "started" in event:
        started = event["started"]
        found.uuid, found.started = str(started["uuid"]), str(started.get("startTime", ""))
    elif "finished" in event:
        found.finished = str(event["finished"].get("finishTime", ""))
        found.exit_name = str(event["finished"].get("exitCode", {}).get("name", ""))
    elif "workspaceStatus" in event:
        for item in event["workspaceStatus"].get("item", ()):
            found.status[str(item["key"])] = str(item.get("value", ""))
    elif "buildMetadata" in event:
        for key, value in event["buildMetadata"].get("metadata", {}).items():
            found.status[str(key)] = str(value)
    elif "testResult" in event:
        _take_test(found, str(kind["testResult"]["label"]), event["testResult"])
    if event.get("lastMessage"):
        found.ended = True


def _take_test(found: Invocation, label: str, event: Mapping[str, Any]) -> None:
    found.tests += 1
    remote = event.get("executionInfo", {}).get("cachedRemotely")
    cached = bool(event.get("cachedLocally") or remote)
    for output in event.get("testActionOutput", ()):
        if output.get("name") != "test.log":
            continue
        place = urllib.parse.urlsplit(str(output.get("uri", "")))
        if place.scheme == "file":
            found.logs.append(Log(Path(urllib.parse.unquote(place.path)), cached, label))
        else:
            found.remote.append(label)
