# SPDX-License-Identifier: Apache-2.0
"""Whether the run happened as planned: machine, kernel, cgroups, payloads, and its end."""
