# SPDX-License-Identifier: Apache-2.0
"""Reads the NAME.config.json of a target."""

from __future__ import annotations

import json
from pathlib import Path

from ktstr.machine.target import Target
from ktstr.model.codec import decode
from ktstr.model.errors import UsageError


def load_target(path: Path) -> Target:
    """Reads what the ktstr_test rule wrote.

    Raises:
        UsageError: the file is missing or not of this version.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--config {path}: {error.strerror}") from error
    try:
        return decode(Target, json.loads(text))
    except ValueError as error:
        raise UsageError(f"--config {path} is no JSON: {error}") from error
