# SPDX-License-Identifier: Apache-2.0
"""The catalogue of scenarios: each page is a test source that any BUILD file may name."""
