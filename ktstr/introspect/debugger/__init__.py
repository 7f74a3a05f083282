# SPDX-License-Identifier: Apache-2.0
"""A kernel's state, found and rendered by its own types."""
