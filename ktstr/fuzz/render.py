# SPDX-License-Identifier: Apache-2.0
"""A trial as a test file, ready to be put into `srcs` of a ktstr_test."""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Any

from ktstr.fuzz.trial import Trial
from ktstr.model.verdict.checks import Checks

_WIDTH = 99
_INDENT = "    "
NAME = "found"


def test_file(trial: Trial, checks: Checks, words: str) -> str:
    """Python that plays it; `words` say where it comes from, the first line of them in short."""
    body = _text(trial.scenario, len(_INDENT) + len("return "), 1)
    named = sorted(_names(trial.scenario) | _names(checks if checks != Checks() else None))
    imports = ["scenario", "Scenario", "TopologyView", *named]
    arguments = [f"duration={_number(trial.duration_s)}"]
    if checks != Checks():
        arguments.append(f"checks={_text(checks, 0, 0)}")
    lines = [
        f'"""{words}"""',
        "",
        "from ktstr import (",
        *(f"{_INDENT}{name}," for name in sorted(set(imports))),
        ")",
        "",
        "",
        f"@scenario({', '.join(arguments)})",
        f"def {NAME}(machine: TopologyView) -> Scenario:",
        f"{_INDENT}return {body}",
        "",
    ]
    return "\n".join(lines)


def _text(value: Any, used: int, depth: int) -> str:
    """An expression; over several lines where it would be too long behind `used` characters."""
    short = _one_line(value)
    if used + len(short) <= _WIDTH:
        return short
    inner, outer = _INDENT * (depth + 1), _INDENT * depth
    if isinstance(value, tuple):
        lines = [f"{inner}{_text(item, len(inner) + 1, depth + 1)},\n" for item in value]
        return "(\n" + "".join(lines) + outer + ")"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        lines = [
            f"{inner}{label}{_text(item, len(inner) + len(label) + 1, depth + 1)},\n"
            for label, item in _arguments(value)
        ]
        return f"{type(value).__name__}(\n" + "".join(lines) + outer + ")"
    return short


def _one_line(value: Any) -> str:
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, frozenset):
        return f"frozenset({{{', '.join(map(_one_line, sorted(value)))}}})"
    if isinstance(value, tuple):
        inside = ", ".join(map(_one_line, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        inside = ", ".join(label + _one_line(item) for label, item in _arguments(value))
        return f"{type(value).__name__}({inside})"
    return _quoted(repr(value))


def _quoted(text: str) -> str:
    """With the quotes that the code of these files has."""
    plain = text.startswith("'") and '"' not in text and "\\" not in text
    return f'"{text[1:-1]}"' if plain else text


def _arguments(value: Any) -> list[tuple[str, Any]]:
    """What has to be said of a dataclass, the first that it cannot do without by place."""
    told: list[tuple[str, Any]] = []
    by_place = True
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        required = field.default is dataclasses.MISSING and (
            field.default_factory is dataclasses.MISSING
        )
        if not required and item == _default(field):
            by_place = False
            continue
        by_place = by_place and not field.kw_only and (required or not told)
        told.append(("" if by_place else f"{field.name}=", item))
    return told


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _number(value: float) -> str:
    return repr(round(value, 6))


def _names(value: Any) -> set[str]:
    """Of classes that an expression of the value names."""
    if isinstance(value, Enum):
        return {type(value).__name__}
    if isinstance(value, tuple):
        return set().union(*map(_names, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        inside = (_names(item) for _, item in _arguments(value))
        return set().union({type(value).__name__}, *inside)
    return set()
