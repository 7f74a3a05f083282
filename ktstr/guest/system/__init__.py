# SPDX-License-Identifier: Apache-2.0
"""The guest's kernel and processes as all else uses them: the ground floor."""
