# SPDX-License-Identifier: Apache-2.0
"""The checks of workers, each in its file, and what they have in common."""
