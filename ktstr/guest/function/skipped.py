# SPDX-License-Identifier: Apache-2.0
"""How a test function says that it does not apply."""


class Skipped(Exception):
    """Raised by `Context.skip`; tests let it pass."""
