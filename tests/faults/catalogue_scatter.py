# SPDX-License-Identifier: Apache-2.0
"""The catalogue while tasks are sent to a far CPU at every wake-up and tick."""

from tests.faults.table import SCATTER
from tests.faults.under import declare

declare(globals(), SCATTER)
