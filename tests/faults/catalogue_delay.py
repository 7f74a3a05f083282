# SPDX-License-Identifier: Apache-2.0
"""The catalogue while every task is held back whenever it becomes runnable."""

from tests.faults.table import DELAY
from tests.faults.under import declare

declare(globals(), DELAY)
