# SPDX-License-Identifier: Apache-2.0
"""The invariants themselves, a file for each part of the scheduler."""
