# SPDX-License-Identifier: Apache-2.0
"""Commands on what tests have left."""
