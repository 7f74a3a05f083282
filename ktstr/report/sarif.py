# SPDX-License-Identifier: Apache-2.0
"""Failures as SARIF 2.1.0, which code scanning and editors read.

The format: OASIS, "Static Analysis Results Interchange Format (SARIF)", 2.1.0 plus errata 01.
"""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from collections.abc import Iterable
from typing import Any

from ktstr.report.source_lines import Read, SourceLine, kernel_lines, own_line
from ktstr.report.text import headline, kind_name
from ktstr.result import result_pb2
from ktstr.result.characters import printable

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
# What a path is relative to: the user's sources, and the kernel's.
_WORKSPACE, _KERNEL = "%SRCROOT%", "LINUX"
_LEVELS = {result_pb2.FAIL: "error", result_pb2.INCONCLUSIVE: "warning"}
_MOST_DETAILS = 10
# Of `[text](target)`, which is a link in a message's plain text, too (3.11.6).
_LINK = re.compile(r"(\\*)\]\(")


def sarif_of(results: Iterable[result_pb2.Result], read: Read) -> tuple[dict[str, Any], int]:
    """A log with those that did not pass, and how many of these have no line in the workspace.

    The latter are left out: readers refuse results without a place.
    """
    found: dict[str, dict[str, Any]] = {}
    rules: dict[str, int] = {}
    homeless = 0
    for each in results:
        if each.verdict not in _LEVELS:
            continue
        place = own_line(each, read)
        if place is None:
            homeless += 1
            continue
        kind = kind_name(each.details[0].kind) if each.details else "no_cause"
        rule = rules.setdefault(kind, len(rules))
        made = _result(each, place, kind, rule)
        found.setdefault(made["partialFingerprints"]["ktstr/v1"], made)
    driver = {
        "name": "ktstr",
        "rules": [
            {"id": name, "shortDescription": {"text": name.replace("_", " ")}} for name in rules
        ],
    }
    run = {
        "tool": {"driver": driver},
        "originalUriBaseIds": {_WORKSPACE: {}, _KERNEL: {}},
        "columnKind": "unicodeCodePoints",
        "results": list(found.values()),
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, homeless


def _result(result: result_pb2.Result, place: SourceLine, kind: str, rule: int) -> dict[str, Any]:
    identity = result.identity
    name = f"{identity.label}::{identity.test}"
    lines = [headline(result)]
    lines += [printable(each.message).strip() for each in result.details[1:_MOST_DETAILS]]
    told = (name, kind, identity.kernel.label, identity.topology.asked, str(identity.seed))
    made: dict[str, Any] = {
        "ruleId": kind,
        "ruleIndex": rule,
        "level": _LEVELS[result.verdict],
        "message": {"text": _no_link("\n".join(lines))},
        "locations": [
            {
                "physicalLocation": _physical(place, _WORKSPACE),
                "logicalLocations": [{"fullyQualifiedName": name, "kind": "function"}],
            }
        ],
        "partialFingerprints": {"ktstr/v1": hashlib.sha256("\0".join(told).encode()).hexdigest()},
    }
    related = [
        {"id": number, "physicalLocation": _physical(each, _KERNEL)}
        for number, each in enumerate(kernel_lines(result), 1)
    ]
    if related:
        made["relatedLocations"] = related
    return made


def _no_link(text: str) -> str:
    """`text`, where no bracket ends a link's: one behind a backslash is a letter."""
    return _LINK.sub(lambda found: rf"{found[1] * 2}\](", text)


def _physical(place: SourceLine, base: str) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": urllib.parse.quote(place.file), "uriBaseId": base},
        "region": {"startLine": place.line},
    }
