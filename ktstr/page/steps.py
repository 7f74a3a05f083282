# SPDX-License-Identifier: Apache-2.0
"""What a plan's steps do, in a few words each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ktstr.result import result_pb2

_OPS_SHOWN = 6


def step_words(result: result_pb2.Result) -> dict[str, str]:
    """By the names of phases: `step 1` -> `step 1: squeeze; makes late; StopCgroup cg_0`.

    Nothing of a test function, which may play several scenarios, or where there is no plan.
    """
    try:
        scenario = json.loads(result.identity.plan_json or "{}").get("scenario") or {}
        steps = scenario.get("steps", [])
        return {f"step {i}": _words(i, step) for i, step in enumerate(steps)}
    except (AttributeError, KeyError, TypeError, ValueError):
        # a plan of another version: phases have their names alone
        return {}


def _words(index: int, step: Mapping[str, Any]) -> str:
    parts = list(filter(None, [step.get("name"), *_done(step)]))
    return f"step {index}: {'; '.join(parts)}" if parts else f"step {index}"


def _done(step: Mapping[str, Any]) -> Iterator[str]:
    made = [str(each["name"]) for each in step.get("setup", [])]
    if made:
        yield f"makes {', '.join(made)}"
    ops = step.get("ops", [])
    yield from map(_op, ops[:_OPS_SHOWN])
    if len(ops) > _OPS_SHOWN:
        yield f"{len(ops) - _OPS_SHOWN} more ops"


def _op(op: Mapping[str, Any]) -> str:
    """Its kind, and the names in it."""
    named = [each for key, each in op.items() if isinstance(each, str) and key != "@kind"]
    return " ".join([str(op["@kind"]), *named])
