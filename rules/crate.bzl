# SPDX-License-Identifier: Apache-2.0
"""Schedulers in Rust, from the crates' registry."""

load("//rules/private/crate:scx_crate.bzl", _scx_crate = "scx_crate")

def scx_crate(name, crate, version, crates = "@crates", **kwargs):
    """A scheduler's program, built from its crate; `scx_scheduler(binary = ...)` takes it.

    MODULE.bazel declares the release, with its digest:

    ```python
    crates = use_extension("@ktstr//rules:extensions.bzl", "crates")
    crates.scheduler(crate = "scx_bpfland", sha256 = "...", version = "1.1.4")
    use_repo(crates, "crates")
    ```

    Args:
      name: the target.
      crate: the crate's name.
      version: its version.
      crates: the repository of the extension `crates`.
      **kwargs: `base`, another scx_crate: what both are built of alike is built once; `program`, which
        program of the crate, where it is not of its name; `crate_features`; and what every
        target has.
    """
    _scx_crate(
        name = name,
        crate = crate,
        sources = "{}//:{}-{}".format(crates, crate, version),
        **kwargs
    )
