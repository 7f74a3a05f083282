# SPDX-License-Identifier: Apache-2.0
"""Schedulers in the guest: started, followed, ended, one life after another."""
