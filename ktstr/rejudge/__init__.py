# SPDX-License-Identifier: Apache-2.0
"""Saved runs, judged again."""
