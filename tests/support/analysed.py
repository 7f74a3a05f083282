# SPDX-License-Identifier: Apache-2.0
"""A module for targets that are analysed and never run."""
