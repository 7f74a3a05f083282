# SPDX-License-Identifier: Apache-2.0
"""Arithmetic of the checks and claims that knows nothing of runs."""
