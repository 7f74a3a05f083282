# SPDX-License-Identifier: Apache-2.0
"""Dataclasses that cost a guest next to nothing to define.

Each `@dataclass(frozen=True)` compiles half a dozen methods, some 5 ms of a guest in virtual time,
and a guest defines all kinds of things of which its test uses one or two.  These share their
methods instead.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, TypeVar, dataclass_transform

T = TypeVar("T")


class Parameters:
    """Base of classes made by `parameters`: equal by value, hashable, not to be changed."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    def __init__(self, *args: Any, **named: Any) -> None:
        fields = self.__dataclass_fields__
        if len(args) > len(fields):
            raise TypeError(f"{type(self).__name__}: {len(args)} values for {len(fields)} fields")
        for name, value in zip(fields, args, strict=False):
            if name in named:
                raise TypeError(f"{type(self).__name__}: {name} is given twice")
            named[name] = value
        if named.keys() - fields:
            unknown = ", ".join(sorted(named.keys() - fields))
            there = ", ".join(fields) or "none"
            raise TypeError(f"{type(self).__name__}: no field {unknown}; fields: {there}")
        for name, field in fields.items():
            object.__setattr__(self, name, named[name] if name in named else self._default(field))
        self.__post_init__()

    def __post_init__(self) -> None:
        """For classes that check or complete their values."""

    def __setattr__(self, name: str, value: Any) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._values() == other._values()

    def __hash__(self) -> int:
        # equal values hash alike; a dictionary cannot be hashed, and need not be
        values = (value for value in self._values() if not isinstance(value, dict))
        return hash((type(self).__name__, *values))

    def __repr__(self) -> str:
        inside = ", ".join(
            f"{name}={value!r}"
            for name, value in zip(self.__dataclass_fields__, self._values(), strict=True)
        )
        return f"{type(self).__name__}({inside})"

    def _default(self, field: dataclasses.Field[Any]) -> Any:
        if field.default_factory is not dataclasses.MISSING:
            return field.default_factory()
        if field.default is dataclasses.MISSING:
            raise TypeError(f"{type(self).__name__}: {field.name} is missing")
        return field.default

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__dataclass_fields__)


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def parameters(cls: type[T]) -> type[T]:
    """Makes a subclass of `Parameters` a frozen dataclass; as `dataclass(frozen=True)` would."""
    return dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
