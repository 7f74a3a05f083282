# SPDX-License-Identifier: Apache-2.0
"""The sections of a text report, each of its own subject."""
