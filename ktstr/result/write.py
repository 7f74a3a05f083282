# SPDX-License-Identifier: Apache-2.0
"""The forms in which a result is kept."""

from __future__ import annotations

from google.protobuf import json_format

from ktstr.result import result_pb2
from ktstr.result.series import to_text

SCHEMA_VERSION = 5


def to_bytes(result: result_pb2.Result) -> bytes:
    """result.pb: equal results, equal bytes."""
    return result.SerializeToString(deterministic=True)


def facts_bytes(result: result_pb2.Result) -> bytes:
    """`to_bytes` less `host` and `post_mortem`: what virtual time promises to be the same."""
    facts = result_pb2.Result()
    facts.CopyFrom(result)
    facts.ClearField("host")
    facts.ClearField("post_mortem")
    return to_bytes(facts)


def to_json(result: result_pb2.Result) -> str:
    """result.json: the record in protobuf's JSON form, with the schema's own field names.

    64-bit numbers are strings there, as that form wants it.  What the monitor saw is text there,
    and packed in result.pb; `ktstr.result.read.from_json` makes one of the other.
    """
    shown = result
    if result.HasField("monitor"):
        shown = result_pb2.Result()
        shown.CopyFrom(result)
        to_text(shown.monitor)
    text: str = json_format.MessageToJson(
        shown, preserving_proto_field_name=True, ensure_ascii=False, indent=1
    )
    return text + "\n"
