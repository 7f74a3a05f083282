# SPDX-License-Identifier: Apache-2.0
"""The reports that a kernel writes, a file for each kind."""
