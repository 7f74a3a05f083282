# SPDX-License-Identifier: Apache-2.0
"""Runs of the targets of this package, with the template that the build gave them or another."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from runfiles import Runfiles

from ktstr.initramfs import newc
from tests.support.running import Ended

PACKAGE = "_main/tests/start"
TESTS = ("one", "other", "shares")


def started(ended: Ended, test: str) -> dict[str, Any]:
    """How the guest of a test came up, by its result."""
    facts: dict[str, Any] = ended.result(test)["host"]["start"]
    return facts


def notes(ended: Ended, test: str) -> dict[str, Any]:
    """What a test function noted, by its result."""
    found = ended.result(test)["test_function"]["notes"]
    return {note["name"]: json.loads(note["value"]) for note in found}


def template_of(target: str) -> Path:
    """The directory of a target's template."""
    return _located(_config(target)["template"])


def copied_template(target: str, copy: Path) -> Path:
    """A copy of a target's template, to be damaged."""
    shutil.copytree(template_of(target), copy)
    for path in (copy, *copy.iterdir()):
        path.chmod(0o755)
    return copy


def with_state_of(copy: Path, other: Path) -> None:
    """Gives a copied template the device state of another, and a manifest that agrees."""
    state = (other / "state").read_bytes()
    (copy / "state").write_bytes(state)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    sha256 = hashlib.sha256(state).hexdigest()
    manifest["files"]["state"] = {"sha256": sha256, "size": len(state)}
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def launcher_with(target: str, template: Path, launcher: Path) -> str:
    """A program that runs a target with another template than the build's; its path."""
    return _launcher(_config(target) | {"template": str(template)}, launcher)


def launcher_of_later(target: str, launcher: Path) -> str:
    """A program that runs a target with what its guest was not saved for; its path.

    That is the scheduler which the target stages, and a payload whose file "own" reads "later".
    """
    config = _config(target)
    own, (staged,), (payload,) = config["scheduler"], config["staged"], config["payloads"]
    layer = launcher.with_suffix(".cpio")
    with layer.open("wb") as out:
        out.write(_located(payload["layer"]).read_bytes())
        newc.write_layer([newc.file("opt/brought/own", b"later")], out)
    changed = {
        "scheduler": staged,
        "staged": [own],
        "payloads": [payload | {"layer": str(layer)}],
    }
    return _launcher(config | changed, launcher)


def _launcher(changed: dict[str, Any], launcher: Path) -> str:
    config = launcher.with_suffix(".json")
    config.write_text(json.dumps(changed))
    runner = _located("_main/ktstr/runner/main")
    launcher.write_text(f'#!/bin/sh\nexec {runner} --config {config} "$@"\n')
    launcher.chmod(0o755)
    return str(launcher)


def _config(target: str) -> dict[str, Any]:
    text = _located(f"{PACKAGE}/{target}.config.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _located(name: str) -> Path:
    runfiles = Runfiles.Create()
    assert runfiles is not None
    found = runfiles.Rlocation(name)
    assert found is not None, name
    return Path(found)
