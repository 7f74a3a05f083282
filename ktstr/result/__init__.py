# SPDX-License-Identifier: Apache-2.0
"""The one record that is kept of a test: its schema, how it is written and how it is read."""
