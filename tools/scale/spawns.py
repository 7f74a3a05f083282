# SPDX-License-Identifier: Apache-2.0
"""What a build ran: Bazel's execution log, as --execution_log_json_file writes it.

Bazel 7.7.1's build events say of actions neither start nor end nor inputs, and of a test a start
that lies before it got its resources; the execution log has all of that. Its schema is Bazel's
src/main/protobuf/spawn.proto, in protobuf's JSON form, one object after another.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktstr.model.errors import UsageError

_MEMORY = "ktstr-memory"
_DEFAULT_MIB = 1024
_RESULT = "result.pb"


@dataclass(frozen=True)
class File:
    """A file of an action: the end of its path, the digest of its content, its bytes."""

    name: str
    digest: str
    size: int


@dataclass(frozen=True)
class Overheads:
    """What a remote action took beside running, in seconds; all 0 for a local one.

    `total_s` is the client's whole time for it; the others are parts of that.
    """

    total_s: float = 0.0
    queue_s: float = 0.0
    setup_s: float = 0.0
    upload_s: float = 0.0
    fetch_s: float = 0.0


@dataclass(frozen=True)
class Spawn:
    """An action as it ran, or as a cache had it (`cached`: then `seconds` is 0).

    `started` is in seconds since 1970, `guests` the number of results it left; `shard` and `run`
    are empty where a test has one.
    """

    label: str
    mnemonic: str
    started: float
    seconds: float
    cached: bool
    inputs: tuple[File, ...]
    outputs: tuple[File, ...]
    overheads: Overheads = Overheads()
    shard: str = ""
    run: str = ""
    memory_mib: int = _DEFAULT_MIB
    guests: int = 0


def read_spawns(path: Path) -> list[Spawn]:
    """All spawns of a log, by their start.

    Raises:
      UsageError: the file cannot be read, or is no such log.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            found = [_spawn(each) for each in _objects(lines)]
    except OSError as error:
        raise UsageError(f"scale: cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"scale: {path} is no execution log as --execution_log_json_file writes it: {error!r}"
        ) from error
    if not found:
        raise UsageError(f"scale: {path} has no action: nothing ran, not even from a cache")
    return sorted(found, key=lambda each: (each.started, each.label, each.shard, each.run))


def _objects(lines: Iterator[str]) -> Iterator[Mapping[str, Any]]:
    """The objects of a stream, each printed over several lines, `}{` between two of them."""
    collected: list[str] = []
    for line in lines:
        if not line.startswith("}"):
            collected.append(line)
            continue
        collected.append("}")
        yield json.loads("".join(collected))
        collected = [line[1:]]
    if "".join(collected).strip():
        raise ValueError("it ends in the middle of an action")


def _spawn(found: Mapping[str, Any]) -> Spawn:
    metrics = found.get("metrics", {})
    outputs = tuple(_files(found.get("actualOutputs", ())))
    variables = {
        each["name"]: each.get("value", "") for each in found.get("environmentVariables", ())
    }
    cached = bool(found.get("cacheHit"))
    return Spawn(
        label=found.get("targetLabel", ""),
        mnemonic=found["mnemonic"],
        started=_instant(metrics.get("startTime")),
        seconds=0.0 if cached else seconds_of(metrics, "executionWallTime"),
        cached=cached,
        inputs=tuple(_files(found.get("inputs", ()))),
        outputs=outputs,
        overheads=Overheads(
            total_s=seconds_of(metrics, "totalTime"),
            queue_s=seconds_of(metrics, "queueTime"),
            setup_s=seconds_of(metrics, "setupTime"),
            upload_s=seconds_of(metrics, "uploadTime"),
            fetch_s=seconds_of(metrics, "fetchTime"),
        )
        if found.get("runner") == "remote" and not cached
        else Overheads(),
        shard=variables.get("TEST_SHARD_INDEX", ""),
        run=variables.get("TEST_RUN_NUMBER", ""),
        memory_mib=_memory(found.get("platform", {})),
        guests=sum(each.name.rpartition("/")[2] == _RESULT for each in outputs),
    )


def _files(listed: Any) -> Iterator[File]:
    for each in listed:
        digest = each.get("digest", {})
        size = int(digest.get("sizeBytes", 0))
        if size:
            yield File("/".join(each["path"].rsplit("/", 2)[-2:]), digest["hash"], size)


def _memory(platform: Mapping[str, Any]) -> int:
    values = [each["value"] for each in platform.get("properties", ()) if each["name"] == _MEMORY]
    return int(values[0]) if values else _DEFAULT_MIB


def seconds_of(metrics: Mapping[str, str], name: str) -> float:
    """A protobuf Duration in JSON: "12.313s"."""
    return float(metrics.get(name, "0s").removesuffix("s"))


def _instant(text: str | None) -> float:
    return datetime.datetime.fromisoformat(text).timestamp() if text else 0.0
