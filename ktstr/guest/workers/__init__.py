# SPDX-License-Identifier: Apache-2.0
"""Workers in the guest: started, told what to do, and their reports."""
