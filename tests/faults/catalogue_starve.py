# SPDX-License-Identifier: Apache-2.0
"""The catalogue with one worker that never gets to run."""

from tests.faults.table import STARVE
from tests.faults.under import declare

declare(globals(), STARVE)
