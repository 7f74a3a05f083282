# SPDX-License-Identifier: Apache-2.0
"""The files that hold a result and its renderings."""

from __future__ import annotations

from google.protobuf import json_format

from ktstr.report import result_pb2
from ktstr.report.logs import SOURCES, log_text
from ktstr.report.result import to_bytes
from ktstr.report.text import text_report


def files_of(result: result_pb2.Result) -> dict[str, bytes]:
    """Name and content of each file: result.pb, result.json, report.txt, and the guest's logs.

    Logs of which nothing came have no file.
    """
    files = {
        "result.pb": to_bytes(result),
        "result.json": to_json(result).encode(),
        "report.txt": text_report(result).encode(),
    }
    for source in SOURCES:
        text = log_text(result, source)
        if text:
            files[f"{source}.log"] = text.encode()
    return files


def to_json(result: result_pb2.Result) -> str:
    """result.json: the record in protobuf's JSON form, with the schema's own field names.

    64-bit numbers are strings there, as that form wants it.
    """
    text: str = json_format.MessageToJson(
        result, preserving_proto_field_name=True, ensure_ascii=False, indent=1
    )
    return text + "\n"
