# SPDX-License-Identifier: Apache-2.0
"""A stub for gdb's remote protocol, on a guest that stands."""
