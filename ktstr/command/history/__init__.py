# SPDX-License-Identifier: Apache-2.0
"""Commands on results that were imported."""
