# SPDX-License-Identifier: Apache-2.0
"""Whether values over time have a shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ktstr.model.verdict.claims import Relation

_NS = 1_000_000_000


@dataclass(frozen=True)
class Point:
    """A value, and when it was: in ns since the beginning of what is judged."""

    at_ns: float
    value: float

    def words(self) -> str:
        """E.g. `7 at 0.312 s`."""
        return f"{self.value:g} at {self.at_ns / _NS:.3f} s"


def has_shape(shape: Relation, points: Sequence[Point]) -> tuple[bool, str]:
    """Whether the points, of which there is one at least, have it; and what was seen of them."""
    return _SHAPES[shape.op](points, *shape.bounds)


def means(points: Sequence[Point], span_ns: float) -> list[Point]:
    """Of each stretch of so much time the mean, at the time of its first point.

    The last stretch is left out where less than half of it is there.
    """
    groups: dict[int, list[Point]] = {}
    for point in points:
        groups.setdefault(int(point.at_ns // span_ns), []).append(point)
    whole = list(groups.values())
    if len(whole) > 1 and 2 * len(whole[-1]) < len(whole[-2]):
        whole.pop()
    return [
        Point(group[0].at_ns, sum(each.value for each in group) / len(group)) for group in whole
    ]


def _value(point: Point) -> float:
    return point.value


def _within(points: Sequence[Point], low: float, high: float) -> tuple[bool, str]:
    outside = [each for each in points if not low <= each.value <= high]
    if outside:
        furthest = max(outside, key=lambda each: max(low - each.value, each.value - high))
        return False, f"{furthest.words()}, {len(outside)} of {len(points)} values outside"
    return True, _spread(points)


def _steady(points: Sequence[Point], spread: float) -> tuple[bool, str]:
    least, most = min(points, key=_value), max(points, key=_value)
    return most.value - least.value <= spread, _spread(points)


def _rises(points: Sequence[Point], by: float, slack: float) -> tuple[bool, str]:
    top = points[0]
    for point in points:
        if point.value < top.value - slack:
            return False, f"{top.words()}, then {point.words()}"
        top = max(top, point, key=_value)
    ends = f"from {points[0].words()} to {points[-1].words()}"
    return points[-1].value - points[0].value > by, ends


def _falls(points: Sequence[Point], by: float, slack: float) -> tuple[bool, str]:
    turned = [Point(each.at_ns, -each.value) for each in points]
    fell, _ = _rises(turned, by, slack)
    low = points[0]
    for point in points:
        if point.value > low.value + slack:
            return False, f"{low.words()}, then {point.words()}"
        low = min(low, point, key=_value)
    return fell, f"from {points[0].words()} to {points[-1].words()}"


def _converges(
    points: Sequence[Point], to: float, eps: float, within_s: float | None = None
) -> tuple[bool, str]:
    away = [number for number, each in enumerate(points) if abs(each.value - to) > eps]
    first = away[-1] + 1 if away else 0
    if first == len(points):
        return False, f"{points[-1].words()} at its end"
    there = points[first]
    late = within_s is not None and there.at_ns > within_s * _NS
    return not late, f"there to stay with {there.words()}"


def _spread(points: Sequence[Point]) -> str:
    least, most = min(points, key=_value), max(points, key=_value)
    return f"least {least.words()}, most {most.words()}"


_SHAPES: dict[str, Callable[..., tuple[bool, str]]] = {
    "within": _within,
    "steady": _steady,
    "rises": _rises,
    "falls": _falls,
    "converges": _converges,
}
