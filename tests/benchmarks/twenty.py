# SPDX-License-Identifier: Apache-2.0
"""Twenty tests that do next to nothing, so that starting their guests is all that costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ktstr import test

if TYPE_CHECKING:
    from ktstr import Context

_COUNT = 20


def _short(name: str) -> Callable[[Context], None]:
    def short(context: Context) -> None:
        assert context.topology.cpus

    short.__name__ = name
    return test()(short)


for _number in range(_COUNT):
    globals()[f"short_{_number:02}"] = _short(f"short_{_number:02}")
