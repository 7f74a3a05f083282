# SPDX-License-Identifier: Apache-2.0
"""Scenarios: steps, ops, conditions, limits, comparisons."""
