# SPDX-License-Identifier: Apache-2.0
"""A wait of a test function that came to nothing."""

from ktstr.model.errors import InfraError


class InVain(InfraError):
    """What was waited for did not come, and the test is undecided by that."""
