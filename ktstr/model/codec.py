# SPDX-License-Identifier: Apache-2.0
"""Frozen dataclasses to plain JSON values and back, strictly, by their type annotations.

A member of a union of dataclasses carries its class name under "@kind".  Sets travel sorted,
enums by value.  Unknown and missing keys are errors, so that host and guest cannot drift apart.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from enum import Enum
from typing import Any, TypeVar

from ktstr.model.errors import UsageError

T = TypeVar("T")
KIND = "@kind"  # key of the class's name: no field can be called that
_UNIONS = (typing.Union, types.UnionType)
# what JSON has itself
_AS_IS = frozenset((int, str, float, bool, types.NoneType))


def encode(value: Any) -> Any:
    """The JSON value (dict, list, str, int, float, bool, None) that stands for `value`."""
    # what there is most of comes first: a guest spends more time here than on all else it tells
    kind: type = type(value)
    if kind in _AS_IS:
        return value
    if isinstance(value, dict):
        return {
            str(key): item if type(item) in _AS_IS else encode(item) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    names = _field_names(kind)
    if names is not None:
        out: dict[str, Any] = {KIND: kind.__name__}
        for name in names:
            item = getattr(value, name)
            out[name] = item if type(item) in _AS_IS else encode(item)
        return out
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, set | frozenset):
        return [encode(item) for item in sorted(value)]
    return value


@functools.cache
def _field_names(cls: type) -> tuple[str, ...] | None:
    """Those of a dataclass; None: it is none."""
    if not dataclasses.is_dataclass(cls):
        return None
    return tuple(field.name for field in dataclasses.fields(cls))


def decode(cls: type[T], data: Any) -> T:
    """The `cls` that `encode` took apart.

    Raises:
        UsageError: a key is missing or unknown, or a value is of another type; the path is named.
    """
    return typing.cast(T, _decode(cls, data, cls.__name__))


def prepare(cls: type) -> None:
    """Resolves the annotations of `cls` and all it can hold now, not when one is decoded first."""
    seen: set[type] = set()
    ahead: list[Any] = [cls]
    while ahead:
        hint = ahead.pop()
        ahead += typing.get_args(hint)
        if not isinstance(hint, type) or hint in seen:
            continue
        seen.add(hint)
        if dataclasses.is_dataclass(hint):
            ahead += _hints(hint).values()
        else:
            ahead += getattr(hint, "__kinds__", {}).values()


def _decode(hint: Any, data: Any, where: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return data
    if origin in _UNIONS:
        return _union(args, data, where)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass(hint, data, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint, data, where)
    if origin in (tuple, list, frozenset):
        items = _expect(list, data, where)
        return origin(_decode(args[0], item, f"{where}[{i}]") for i, item in enumerate(items))
    if origin is dict:
        table = _expect(dict, data, where)
        return {
            _key(args[0], k, where): _decode(args[1], v, f"{where}[{k}]") for k, v in table.items()
        }
    if hasattr(hint, "__kinds__"):
        return _union(tuple(hint.__kinds__.values()), data, where)
    if hint is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    return _expect(hint, data, where)


def _key(hint: Any, key: str, where: str) -> Any:
    if hint is not int:
        return key
    try:
        return int(key)
    except ValueError as error:
        raise UsageError(f"{where}: key {key!r} is no whole number") from error


def _union(args: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and type(None) in args:
        return None
    rest = [arg for arg in args if arg is not type(None)]
    if len(rest) == 1:
        return _decode(rest[0], data, where)
    kind = data.get(KIND) if isinstance(data, dict) else None
    for arg in rest:
        if getattr(arg, "__name__", None) == kind or (kind is None and _plain(arg, data)):
            return _decode(arg, data, where)
    names = ", ".join(getattr(arg, "__name__", str(arg)) for arg in rest)
    raise UsageError(f"{where}: kind {kind!r} is none of {names}")


def _plain(hint: Any, data: Any) -> bool:
    if typing.get_origin(hint) in (tuple, list):
        return type(data) is list
    return isinstance(hint, type) and type(data) is hint


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _dataclass(cls: type, data: Any, where: str) -> Any:
    table = dict(_expect(dict, data, where))
    kind = table.pop(KIND, cls.__name__)
    if kind != cls.__name__:
        raise UsageError(f"{where}: kind {kind!r} where {cls.__name__} is expected")
    hints, values = _hints(cls), {}
    for field in dataclasses.fields(cls):
        if field.name not in table:
            raise UsageError(f"{where}: key {field.name!r} is missing")
        values[field.name] = _decode(
            hints[field.name], table.pop(field.name), f"{where}.{field.name}"
        )
    if table:
        raise UsageError(f"{where}: unknown keys {', '.join(sorted(table))}")
    return cls(**values)


def _enum(cls: type[Enum], data: Any, where: str) -> Enum:
    try:
        return cls(data)
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from error


def _expect(hint: Any, data: Any, where: str) -> Any:
    if not isinstance(data, hint) or (isinstance(data, bool) and hint is not bool):
        raise UsageError(f"{where}: {hint.__name__} expected, {type(data).__name__} found")
    return data
