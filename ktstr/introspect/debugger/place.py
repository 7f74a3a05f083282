# SPDX-License-Identifier: Apache-2.0
"""A place in a guest's run, as somebody asks for it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where a guest is to stop: before the `hit`th call of a function, but not before `after_s`.

    function: empty for the tick of any CPU.  after_s: seconds of the guest's own clock since it was
    first seen at such a place.
    """

    function: str = ""
    hit: int = 1
    after_s: float = 0.0
