# SPDX-License-Identifier: Apache-2.0
"""What the monitor watches, and the series that come of it."""
