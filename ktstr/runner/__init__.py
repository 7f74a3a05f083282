# SPDX-License-Identifier: Apache-2.0
"""The program that a ktstr_test target runs: enumerate, select, boot, collect, judge, report."""
