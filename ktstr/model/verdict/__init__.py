# SPDX-License-Identifier: Apache-2.0
"""The words of a verdict: what is checked, claimed and found, and what that is called."""
