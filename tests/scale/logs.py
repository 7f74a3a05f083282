# SPDX-License-Identifier: Apache-2.0
"""Execution logs and build events as Bazel 7.7.1 writes them, as short as they can be."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_BIN = "bazel-out/k8-fastbuild/bin/"
_SAVED = "rules/private/test/saved_guest"
_TESTLOGS = "bazel-out/k8-fastbuild/testlogs/"

KERNEL = {"vmlinux": 50_000_000, "qemu": 70_000_000}


def spawn(
    label: str,
    mnemonic: str,
    started: str,
    seconds: float,
    inputs: Mapping[str, int],
    outputs: Mapping[str, int],
    **more: Any,
) -> dict[str, Any]:
    """One object of a log; a file's name is its digest, too. `started` is a time of day."""
    return {
        "environmentVariables": [
            {"name": name, "value": value} for name, value in more.pop("env", {}).items()
        ],
        "platform": {"properties": more.pop("properties", [])},
        "inputs": _files(inputs),
        "actualOutputs": _files(outputs),
        "mnemonic": mnemonic,
        "runner": "linux-sandbox",
        "targetLabel": label,
        "metrics": {
            "totalTime": f"{seconds + 1}s",
            "executionWallTime": f"{seconds}s",
            "startTime": f"2026-01-02T{started}Z",
        },
        **more,
    }


def a_test(name: str, started: str, seconds: float, saved: str, **more: Any) -> dict[str, Any]:
    """A test of package p that is cloned from a saved guest, with two guests, and 1000 bytes."""
    runfiles = f"{_BIN}p/{name}.runfiles/_main"
    kept = f"{_TESTLOGS}p/{name}/test.outputs"
    return spawn(
        f"//p:{name}",
        "TestRunner",
        started,
        seconds,
        {
            **KERNEL,
            f"{runfiles}/{_SAVED}/{saved}/ram0.zst": 20_000_000,
            f"{runfiles}/p/{name}.json": 5_000,
        },
        {f"{kept}/{each}/result.pb": 500 for each in ("one", "other")},
        **more,
    )


def a_template(name: str, started: str, seconds: float, **more: Any) -> dict[str, Any]:
    """A saved guest of the shape `name`; one target makes those of all shapes."""
    return spawn(
        "//rules/private/test:saved_guest",
        "VmTemplate",
        started,
        seconds,
        KERNEL,
        {f"{_BIN}{_SAVED}/{name}/ram0.zst": 20_000_000},
        **more,
    )


def write_log(path: Path, spawns: Sequence[Mapping[str, Any]]) -> Path:
    """Writes them as Bazel does: printed over lines, and nothing between two of them."""
    path.write_text("".join(json.dumps(each, indent=2) for each in spawns), encoding="utf-8")
    return path


def write_events(path: Path, metrics: Mapping[str, Any]) -> Path:
    """Writes a file of build events with these metrics."""
    events = [{"id": {"started": {}}}, {"id": {"buildMetrics": {}}, "buildMetrics": metrics}]
    path.write_text("".join(json.dumps(each) + "\n" for each in events), encoding="utf-8")
    return path


def _files(listed: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {"path": path, "digest": {"hash": _digest(path), "sizeBytes": str(size)}}
        for path, size in listed.items()
    ]


def _digest(path: str) -> str:
    return "/".join(path.rsplit("/", 2)[-2:])
