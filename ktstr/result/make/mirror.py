# SPDX-License-Identifier: Apache-2.0
"""Copies dataclasses into messages that have the same fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from google.protobuf.message import Message

from ktstr.model.histogram import Histogram, bucket_bounds
from ktstr.result import result_pb2
from ktstr.result.characters import encodable

M = TypeVar("M", bound=Message)


def mirrored(message: M, facts: Any, *, leave: tuple[str, ...] = ()) -> M:
    """`message` with each field of the dataclass `facts` but `leave`; None stays absent.

    A field that the message lacks is an AttributeError, so that no fact is forgotten.
    """
    for field in dataclasses.fields(facts):
        value = getattr(facts, field.name)
        if field.name in leave or value is None:
            continue
        if isinstance(value, Histogram):
            getattr(message, field.name).CopyFrom(histogram(value))
        elif isinstance(value, tuple):
            getattr(message, field.name).extend([_plain(item) for item in value])
        else:
            setattr(message, field.name, _plain(value))
    return message


def _plain(value: Any) -> Any:
    return encodable(value) if isinstance(value, str) else value


def histogram(values: Histogram) -> result_pb2.Histogram:
    """A histogram with its buckets' bounds (ns), for readers that do not know the bucketing."""
    message = result_pb2.Histogram(count=values.count, total_ns=values.total, max_ns=values.maximum)
    for index in sorted(values.buckets):
        low, high = bucket_bounds(index)
        message.buckets.add(index=index, low_ns=low, high_ns=high, count=values.buckets[index])
    return message


def add_histograms(message: Message, facts: Any, names: tuple[str, ...]) -> None:
    """Copies the histograms of `facts` that hold anything into fields of the same names."""
    for name in names:
        values = getattr(facts, name)
        if values.count:
            getattr(message, name).CopyFrom(histogram(values))


def counters(values: Mapping[str, int]) -> list[result_pb2.Counter]:
    """Named numbers in the order of their names."""
    return [result_pb2.Counter(name=encodable(name), value=values[name]) for name in sorted(values)]
