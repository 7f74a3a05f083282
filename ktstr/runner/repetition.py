# SPDX-License-Identifier: Apache-2.0
"""Which of the runs of `--runs_per_test` this is, and the seed that it draws."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ktstr.machine.target import Target

# What `--@ktstr//rules:seed` takes is below this.
_SEEDS = 1 << 31


@dataclass(frozen=True)
class Repetition:
    """A run of a test.

    number: of `--runs_per_test`, from 1; 0: the only run.  draw: what Bazel, or the user, seeds the
    run's randomness with: 1 for the only run and the first, 2 for the second.
    """

    number: int = 0
    draw: int = 1

    def of(self, target: Target) -> Target:
        """The target with the seed of this run: its own for the first, one more for each further.

        So `--@ktstr//rules:seed=N` repeats any of them, and the first is a plain run.
        """
        if target.same_seed:
            return target
        return replace(target, seed=(target.seed + self.draw - 1) % _SEEDS)

    def words(self, seed: int) -> str:
        """E.g. `, run 3, seed 3`; empty for the only run."""
        return f", run {self.number}, seed {seed}" if self.number else ""
