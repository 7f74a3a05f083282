# SPDX-License-Identifier: Apache-2.0
"""Claims about how something goes on over a run's time."""
