# SPDX-License-Identifier: Apache-2.0
"""From facts to verdicts: pure functions that run on the host, now or on saved results."""
