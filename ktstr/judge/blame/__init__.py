# SPDX-License-Identifier: Apache-2.0
"""Whose doing a finding is, and which of several caused the others."""
