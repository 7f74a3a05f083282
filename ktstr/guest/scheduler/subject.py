# SPDX-License-Identifier: Apache-2.0
"""The scheduler under test, as what runs under it sees it."""

from __future__ import annotations

from typing import Protocol


class Subject(Protocol):
    """The scheduler under test, as a scenario sees it."""

    @property
    def name(self) -> str:
        """The scheduler that is meant to run now; empty while none is."""

    @property
    def ops(self) -> str:
        """What sched_ext is to show now; empty while it is to be off."""

    def trouble(self) -> str:
        """Why the scenario must end early; empty while all is well."""

    def set_knob(self, name: str, value: int) -> None:
        """Sets a global variable of the running scheduler.

        Raises:
            UsageError: the scheduler has no such knob, or refuses the value.
            InfraError: it does not answer.
        """

    def global_value(self, name: str) -> int:
        """A global variable of the running scheduler.

        Raises:
            UsageError: the scheduler has no such variable, or it is no number.
            InfraError: it does not answer.
        """

    def attach(self, name: str) -> None:
        """Starts the scheduler of this name (empty: the one under test).

        Raises:
            UsageError: one is attached, or there is none of this name.
            InfraError: it did not attach.
        """

    def detach(self) -> None:
        """Tells the scheduler to go.

        Raises:
            UsageError: none is attached.
            InfraError: it had gone already, or does not go.
        """

    def restart(self) -> None:
        """Tells the scheduler to go, and starts it again; raises what `detach` and `attach` do."""

    def replace(self, name: str) -> None:
        """Tells the scheduler to go, and starts another; raises what `detach` and `attach` do."""
