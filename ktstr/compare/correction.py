# SPDX-License-Identifier: Apache-2.0
"""What is left of small probabilities where many comparisons were made."""

from __future__ import annotations

from collections.abc import Sequence


def benjamini_hochberg(probabilities: Sequence[float]) -> list[float]:
    """Each probability corrected, so that of those below q at most a part q is by chance.

    Benjamini and Hochberg, "Controlling the false discovery rate", J. R. Statist. Soc. B 57, 1995.
    Where nothing changed at all, q is how often anything is told.
    """
    count = len(probabilities)
    order = sorted(range(count), key=lambda index: probabilities[index], reverse=True)
    corrected = [1.0] * count
    least = 1.0
    for place, index in enumerate(order):
        least = min(least, probabilities[index] * (count / (count - place)))
        corrected[index] = least
    return corrected
