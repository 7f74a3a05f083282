# SPDX-License-Identifier: Apache-2.0
"""The catalogue while the scheduler gives up by scx_bpf_error."""

from tests.faults.table import ERROR
from tests.faults.under import declare

declare(globals(), ERROR)
