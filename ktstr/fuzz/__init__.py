# SPDX-License-Identifier: Apache-2.0
"""Scenarios made at random: drawn, kept where they reach new code, shrunk where they fail."""
