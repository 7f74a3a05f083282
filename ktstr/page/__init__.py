# SPDX-License-Identifier: Apache-2.0
"""Results as HTML: one file a page, which asks no network for anything."""
