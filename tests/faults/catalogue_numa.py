# SPDX-License-Identifier: Apache-2.0
"""What of the catalogue needs two nodes, under each fault that shows there."""

from tests.faults.table import FAULTS
from tests.faults.under import catalogue, declare

for _fault in FAULTS:
    declare(globals(), _fault, [name for name in catalogue() if name.startswith("numa.")])
