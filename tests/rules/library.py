# SPDX-License-Identifier: Apache-2.0
"""A library that is analysed and never run."""
