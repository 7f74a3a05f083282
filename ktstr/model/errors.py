# SPDX-License-Identifier: Apache-2.0
"""The three errors that may cross a module boundary, named by whose they are."""


class KtstrError(Exception):
    """Base of the three; never raised itself."""


class UsageError(KtstrError):
    """The test author's mistake: says what was asked, what was found, and what to do."""


class TestFailure(KtstrError):
    """The scheduler under test did something that a check forbids."""

    __test__ = False


class InfraError(KtstrError):
    """Our own machinery, or the machine it runs on, failed: the scheduler was not judged."""
