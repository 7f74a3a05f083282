# SPDX-License-Identifier: Apache-2.0
"""What a run left: the guest's facts as they came, and what the host knows besides."""
