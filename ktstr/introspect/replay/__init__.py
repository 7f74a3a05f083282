# SPDX-License-Identifier: Apache-2.0
"""What led to a failure, seen when its run is played again."""
