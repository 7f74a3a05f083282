# SPDX-License-Identifier: Apache-2.0
"""One plan on one prepared machine gives one outcome."""
