# SPDX-License-Identifier: Apache-2.0
"""A store on the host for what is too large or too local to be a Bazel artifact.

Raw disk images on a reflink file system now, inflated memory images of cloned guests later. It is
a cache and optional: everything in it can be made again, and tests run without it.

    <root>/entries/KEY/    what was published: files and, written last, manifest.json
    <root>/locks/KEY.lock  locked shared by users of an entry, exclusively by who removes it
    <root>/staging/        what is being made or removed: names that carry their owner
    <root>/sweep.lock      locked shared while something is put into staging, exclusively to sweep
"""
