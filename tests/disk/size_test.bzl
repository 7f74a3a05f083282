# SPDX-License-Identifier: Apache-2.0
"""Sizes and paths as BUILD files write them."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")

# A test of what is private.
# buildifier: disable=bzl-visibility
load("//rules/private/disk:disk_template.bzl", "content_path_problem", "parse_size")

def _sizes_impl(ctx):
    env = unittest.begin(ctx)
    for text, mib in {
        "1048576": 1,
        "1G": 1024,
        "1M": 1,
        "1T": 1 << 20,
        "2048K": 2,
        "256M": 256,
    }.items():
        asserts.equals(env, (mib, None), parse_size(text))
    for text, words in {
        "": "is no size",
        " 1M": "is no size",
        "0": "is zero",
        "0G": "is zero",
        "1.5G": "is no size",
        "1023K": "the next larger is \"1M\"",
        "1048577": "the next larger is \"2M\"",
        "1MiB": "is no size",
        "1m": "is no size",
        "2T": "is more than 1 TiB",
        "M": "is no size",
    }.items():
        mib, problem = parse_size(text)
        asserts.equals(env, None, mib, text)
        asserts.true(env, words in problem, "%r: %s" % (text, problem))
    return unittest.end(env)

def _paths_impl(ctx):
    env = unittest.begin(ctx)
    for filesystem in ["btrfs", "ext4", "xfs"]:
        for path in [
            "/a",
            "/a/b.c",
            "/.hidden",
            "/a-b_c+d@e%f=g,h~1",
            "/" + 255 * "x",
            "/...",
            "/a:b",
            "/$a b/'\"#;",
            "/ä",
        ]:
            asserts.equals(env, None, content_path_problem(path, filesystem), path)
        for path in ["", "a", "/", "/a/", "//a", "/.", "/a/..", "/a\nb", "/a\tb", "/" + 256 * "x"]:
            asserts.true(env, content_path_problem(path, filesystem) != None, path)
    for path in ["/$", "/a/:b"]:
        asserts.equals(env, None, content_path_problem(path, "ext4"), path)
        asserts.true(env, "mkfs.xfs" in content_path_problem(path, "xfs"), path)
    return unittest.end(env)

sizes_test = unittest.make(_sizes_impl)
paths_test = unittest.make(_paths_impl)
