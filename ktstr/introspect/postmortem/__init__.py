# SPDX-License-Identifier: Apache-2.0
"""What a guest that did not come to its end leaves."""
