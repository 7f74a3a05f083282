# SPDX-License-Identifier: Apache-2.0
"""A guest's start: its hello, and what makes a saved guest the test's own."""
