# SPDX-License-Identifier: Apache-2.0
"""The files that hold a result and its renderings."""

from __future__ import annotations

from ktstr.report.logs import SOURCES, log_text
from ktstr.report.text import text_report
from ktstr.result import result_pb2
from ktstr.result.write import to_bytes, to_json


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
