# SPDX-License-Identifier: Apache-2.0
"""A result that was kept, read back."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import json_format
from google.protobuf.message import DecodeError

from ktstr.model.errors import UsageError
from ktstr.result import result_pb2
from ktstr.result.series import to_packed
from ktstr.result.write import SCHEMA_VERSION


def read_result(path: Path) -> result_pb2.Result:
    """The result in the file `path`, a result.pb.

    Raises:
        UsageError: the file cannot be read, holds no result, or a newer ktstr wrote it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    return result_of_bytes(content, str(path))


def result_of_bytes(content: bytes, place: str) -> result_pb2.Result:
    """The result that a result.pb holds, which lies at `place`.

    Raises:
        UsageError: it holds none, or a newer ktstr wrote it.
    """
    try:
        result = result_pb2.Result.FromString(content)
    except DecodeError as error:
        raise UsageError(f"{place} holds no result: {error}") from error
    if result.schema_version == 0:
        raise UsageError(f"{place} holds no result: it has no schema_version")
    if result.schema_version > SCHEMA_VERSION:
        raise UsageError(
            f"{place} is of schema version {result.schema_version} and this ktstr knows "
            f"{SCHEMA_VERSION} at most: read it with the ktstr that wrote it, or a newer one"
        )
    return result


def from_json(text: str) -> result_pb2.Result:
    """The result of a result.json, as result.pb has it.

    Raises:
        UsageError: it holds no result.
    """
    try:
        result = json_format.Parse(text, result_pb2.Result())
        if result.HasField("monitor"):
            to_packed(result.monitor)
    except (json_format.ParseError, ValueError) as error:
        raise UsageError(f"no result in JSON: {error}") from error
    return result
