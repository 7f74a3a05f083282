# SPDX-License-Identifier: Apache-2.0
"""How long functions took when they were last run, from the JUnit files of Bazel's results."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

# Bazel's names: https://bazel.build/reference/test-encyclopedia, and shards besides.
_FILES = ("test.xml", "shard_*/test.xml")


def measured_s(testlogs: Path, label: str) -> dict[str, float]:
    """Host seconds of each function of a target, by name; empty where it has not been run."""
    package, _, name = label.partition("//")[2].partition(":")
    directory = testlogs / package / (name or package.rpartition("/")[2])
    found: dict[str, float] = {}
    for pattern in _FILES:
        for path in sorted(directory.glob(pattern)):
            found |= case_seconds(_read(path))
    return found


def case_seconds(document: bytes) -> dict[str, float]:
    """Seconds of each case that came to an end of its own: no error, and a time that is told."""
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError:
        return {}
    return dict(_cases(root.iter("testcase")))


def _cases(elements: Iterable[ElementTree.Element]) -> Iterable[tuple[str, float]]:
    for element in elements:
        try:
            seconds = float(element.get("time", ""))
        except ValueError:
            continue
        if seconds > 0 and element.find("error") is None:
            yield element.get("name", ""), seconds


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
