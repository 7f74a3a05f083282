# SPDX-License-Identifier: Apache-2.0
"""The catalogue while nothing is dispatched any more, until the kernel's watchdog ends it."""

from tests.faults.table import STALL
from tests.faults.under import declare

declare(globals(), STALL)
