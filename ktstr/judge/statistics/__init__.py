# SPDX-License-Identifier: Apache-2.0
"""What the workers of a run got, whatever is checked, and the figures of it that have names."""
