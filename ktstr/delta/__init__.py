# SPDX-License-Identifier: Apache-2.0
"""Two states of a scheduler, built and run in turns until their difference is told from chance."""
