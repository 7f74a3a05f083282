# SPDX-License-Identifier: Apache-2.0
"""The three errors that may cross a module boundary, named by whose they are.

Two of them have a kind of their own, for what only a running guest shows.
"""


class KtstrError(Exception):
    """Base of the three; never raised itself."""


class UsageError(KtstrError):
    """The test author's mistake: says what was asked, what was found, and what to do."""


class TestFailure(KtstrError):
    """The scheduler under test did something that a check forbids."""

    __test__ = False


class InfraError(KtstrError):
    """Our own machinery, or the machine it runs on, failed: the scheduler was not judged."""


class NoSuchName(UsageError):
    """The kernel or the scheduler that runs has nothing of a name that the author gave."""


class Unanswered(InfraError):
    """Nobody could look into the guest from outside: what needed it is not known."""
