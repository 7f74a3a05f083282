# SPDX-License-Identifier: Apache-2.0
"""Results that last: one SQLite file that runs are imported into, and what is asked of it."""
