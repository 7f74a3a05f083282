# SPDX-License-Identifier: Apache-2.0
"""A plan's bookkeeping, played before anything boots."""
