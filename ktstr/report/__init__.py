# SPDX-License-Identifier: Apache-2.0
"""Results: the one record that is kept of a test, and its renderings."""
