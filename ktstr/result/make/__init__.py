# SPDX-License-Identifier: Apache-2.0
"""From a run and its judgement to a result."""
