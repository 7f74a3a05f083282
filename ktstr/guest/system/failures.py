# SPDX-License-Identifier: Apache-2.0
"""What failed of several things of which each must be done, whatever becomes of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr.model.errors import InfraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


class Failures:
    """Goes on past what fails, to tell of it at the end: the first one, and the others after it."""

    def __init__(self) -> None:
        self._first: Exception | None = None
        self._texts: list[str] = []

    def attempt(self, action: Callable[[], object]) -> None:
        """Does it."""
        try:
            action()
        except (UsageError, InfraError, OSError) as error:
            self._first = self._first or error
            if str(error) not in self._texts:
                self._texts.append(str(error))

    def __bool__(self) -> bool:
        return bool(self._texts)

    def __str__(self) -> str:
        return "; ".join(self._texts)

    def tell(self) -> None:
        """Returns if nothing has failed.

        Raises:
            InfraError: what has.
        """
        if self._first is not None:
            raise InfraError(str(self)) from self._first
