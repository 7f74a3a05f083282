# SPDX-License-Identifier: Apache-2.0
"""A module for a target whose shell alone is run."""
